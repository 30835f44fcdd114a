import { formatDuration } from './duration.ts';
import { markup, type Html } from './html.ts';
import type { EventRecord, FindingRecord, ScenarioRecord, StepRecord } from './report-data.ts';

const marks: Record<StepRecord['status'], string> = { passed: '✓', failed: '✗', 'not-run': '–' };
const actors: Record<EventRecord['actor'], string> = {
  person: 'A person',
  aws: 'AWS',
  bus: 'Event bus',
  machine: 'State machine',
  fivetran: 'Fivetran',
  slack: 'Slack',
  postgres: 'PostgreSQL',
};

/** Each step with what had to be true and what was seen. */
export function viewScenarios(scenarios: ScenarioRecord[]): Html {
  return markup`${scenarios.map(
    ({ title, steps }, index) =>
      markup`<section class="scenario">
        <h3><span class="number">${index + 1}</span> ${title}</h3>
        <ol class="steps">
          ${steps.map(viewStep)}
        </ol>
      </section>`,
  )}`;
}

function viewStep(step: StepRecord): Html {
  return markup`<li class="${step.status}">
    <span class="mark" aria-label="${step.status}">${marks[step.status]}</span>
    <div>
      <p class="title">
        <strong>${step.title}</strong>
        ${step.durationMs !== undefined && markup`<span class="took">${formatDuration(step.durationMs)}</span>`}
      </p>
      <p class="expectation">${step.expectation}</p>
      ${step.seen !== undefined && markup`<p class="seen">${step.seen}</p>`}
    </div>
  </li>`;
}

/** What happened, in order, with the time since the start. */
export function viewTimeline(events: EventRecord[], startedAt: string): Html {
  if (events.length === 0) return markup`<p class="quiet">Nothing was seen.</p>`;
  const ordered = [...events].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return markup`<ol class="timeline">
    ${ordered.map(
      (event) =>
        markup`<li class="by-${event.actor} ${event.tone ?? ''}">
          <span class="at">+${((Date.parse(event.at) - Date.parse(startedAt)) / 1000).toFixed(1)} s</span>
          <span class="who">${actors[event.actor]}</span>
          <span class="what"
            >${event.text}${event.detail !== undefined && markup` <span class="quiet">${event.detail}</span>`}</span
          >
        </li>`,
    )}
  </ol>`;
}

const findingWords = { ok: 'ok', warning: 'warning', blocking: 'blocking', skipped: 'skipped' } as const;
const findingTones = { ok: 'good', warning: 'waiting', blocking: 'bad', skipped: 'quiet' } as const;

/** What the checks found, the worst first. */
export function viewFindings(findings: FindingRecord[]): Html {
  if (findings.length === 0) return markup`<p class="quiet">No check has run.</p>`;
  const worth = { blocking: 0, warning: 1, skipped: 2, ok: 3 };
  const ordered = [...findings].sort((a, b) => worth[a.status] - worth[b.status]);
  return markup`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Status</th>
          <th>Check</th>
          <th>What was found</th>
          <th>Where</th>
        </tr>
      </thead>
      <tbody>
        ${ordered.map(
          (finding) =>
            markup`<tr>
              <td>
                <span class="pill ${findingTones[finding.status]}">${findingWords[finding.status]}</span>
              </td>
              <td><code>${finding.check}</code></td>
              <td>
                ${finding.summary}${finding.remedy !== undefined && markup`<br /><span class="quiet">→ ${finding.remedy}</span>`}
              </td>
              <td class="quiet">${finding.where}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
