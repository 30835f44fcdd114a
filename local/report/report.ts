import { createHash } from 'node:crypto';
import { formatDuration } from './duration.ts';
import { viewExecutions } from './execution-view.ts';
import { markup, Html } from './html.ts';
import { viewPath } from './path-view.ts';
import type { ReportData } from './report-data.ts';
import { viewChannel } from './slack-view.ts';
import { viewFindings, viewScenarios, viewTimeline } from './story-view.ts';
import { style } from './style.ts';

/** Shows times as the reader's clock does, as Slack shows dates. */
const script = `for (const time of document.querySelectorAll('.message time')) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.valueOf())) time.textContent = time.classList.contains('clock')
    ? at.toLocaleTimeString() : at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}`;

const whatHappened =
  'A private PostgreSQL became a Fivetran source over AWS PrivateLink without anybody clicking Accept, its rows were counted at Databricks, and what failed was explained in Slack.';
const whatIsReal =
  'PostgreSQL, the function bundles and the state machines are those that ship; AWS, Fivetran, Databricks and Slack are played on this machine, at the wire.';

/**
 * The whole report as one page that asks nobody for anything. Its content policy lets no script run but its own,
 * whatever the texts in it say.
 */
export function renderReport(data: ReportData): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  const steps = data.scenarios.flatMap((scenario) => scenario.steps);
  const passed = steps.filter(({ status }) => status === 'passed').length;
  const page = markup`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${policy}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>
        ${data.failure === undefined ? 'The story holds' : 'The story breaks'} · fivetran-privatelink
      </title>
      ${new Html(`<style>${style}</style>`)}
    </head>
    <body>
      <header class="top ${data.failure === undefined ? 'passed' : 'failed'}">
        <div class="in">
          <div class="verdict">
            <div class="sign" aria-hidden="true">${data.failure === undefined ? '✓' : '✗'}</div>
            <div>
              <h1>
                ${data.failure === undefined ? 'The whole story holds' : `The story breaks at “${data.failure.step}”`}
              </h1>
              <p class="sub">
                ${passed} of ${steps.length} expectations met in ${formatDuration(data.durationMs)}.
                ${data.failure === undefined ? whatHappened : 'What was expected and what came instead stands below.'}
                ${whatIsReal}
              </p>
            </div>
          </div>
          ${data.failure !== undefined && markup`<p class="blame"><strong>${data.failure.scenario} → ${data.failure.step}</strong> ${data.failure.message}</p>`}
          <dl class="facts">
            ${data.facts.map(
              ({ label, value }) =>
                markup`<div>
                  <dt>${label}</dt>
                  <dd>${value}</dd>
                </div>`,
            )}
          </dl>
        </div>
      </header>
      <nav aria-label="Parts of the report">
        <div class="in">
          <a href="#path">Path</a><a href="#story">Story</a><a href="#slack">Slack</a
          ><a href="#executions">Executions</a><a href="#findings">Findings</a
          ><a href="#timeline">Timeline</a>
        </div>
      </nav>
      <main>
        <h2 id="path">The path, as it stood at the end</h2>
        <p class="lead">
          The way of every row. The link passes traffic only while Fivetran's endpoint is accepted and the
          database answers behind the load balancer.
        </p>
        <div class="card">${viewPath(data.path)}</div>
        <h2 id="story">The story</h2>
        <p class="lead">Each step says what had to be true; below it stands what was seen.</p>
        <div class="scenarios">${viewScenarios(data.scenarios)}</div>
        <h2 id="slack">What on-call saw</h2>
        <p class="lead">
          The channel as Slack shows it. One message per problem, edited when the problem is over.
        </p>
        ${viewChannel(data.messages)}
        <h2 id="executions">The machines, and the ways they took</h2>
        <p class="lead">
          Every execution, drawn from the definition that is deployed. Green is the way taken, red where it
          failed; ×n counts how often a state was entered.
        </p>
        ${viewExecutions(data.executions)}
        <h2 id="findings">What the checks found</h2>
        <p class="lead">The latest answer of each check of the source, the load balancer and the endpoint.</p>
        ${viewFindings(data.findings)}
        <h2 id="timeline">Timeline</h2>
        <p class="lead">Seconds since the start of the story.</p>
        ${viewTimeline(data.events, data.startedAt)}
      </main>
      <footer>
        Written by <code>npm start</code> on ${data.startedAt}. Nothing in this page is loaded from anywhere.
      </footer>
      ${new Html(`<script>${script}</script>`)}
    </body>
  </html>`;
  return `<!doctype html>\n${page.markup}\n`;
}
