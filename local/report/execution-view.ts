import { between, formatDuration } from './duration.ts';
import { markup, type Html } from './html.ts';
import { viewMachine } from './machine-view.ts';
import type { ExecutionRecord, StateVisit } from './report-data.ts';

const longestPayload = 6000;

/** Every execution: its machine with the way it took, and what went into and came out of each state. */
export function viewExecutions(executions: ExecutionRecord[]): Html {
  if (executions.length === 0) return markup`<p class="quiet">No machine was started.</p>`;
  return markup`${executions.map((execution, index) => viewExecution(execution, index === 0))}`;
}

function viewExecution(execution: ExecutionRecord, open: boolean): Html {
  const duration = between(execution.startedAt, execution.stoppedAt);
  const tone = execution.status === 'SUCCEEDED' ? 'good' : execution.status === 'RUNNING' ? 'waiting' : 'bad';
  return markup`<details class="execution" ${open ? markup`open` : undefined}>
    <summary>
      <span class="pill ${tone}">${execution.status.toLowerCase().replace('_', ' ')}</span>
      <strong>${execution.machine}</strong>
      <span class="quiet name">${execution.name}</span>
      <span class="quiet when"
        >${execution.startedAt.slice(11, 19)} ·
        ${duration === undefined ? 'still running' : formatDuration(duration)} · ${execution.visits.length}
        states</span
      >
    </summary>
    ${execution.definition.Comment !== undefined && markup`<p>${execution.definition.Comment}</p>`}
    ${
      execution.error !== undefined &&
      markup`<p class="error"><strong>${execution.error}</strong> ${execution.cause ?? ''}</p>`
    }
    <div class="walk">
      <div class="picture">${viewMachine(execution)}</div>
      <ol class="visits">
        ${execution.visits.map(viewVisit)}
      </ol>
    </div>
    ${viewPayload('Input of the execution', execution.input)}${viewPayload('Output of the execution', execution.output)}
  </details>`;
}

function viewVisit(visit: StateVisit): Html {
  const duration = between(visit.enteredAt, visit.exitedAt);
  return markup`<li class="${visit.errors.length > 0 || visit.type === 'Fail' ? 'failed' : 'passed'}">
    <details>
      <summary>
        <strong>${visit.state}</strong> <span class="quiet">${visit.type}</span>
        <span class="took">${duration === undefined ? 'not left' : formatDuration(duration)}</span>
      </summary>
      ${visit.errors.map((error) => markup`<p class="error">${error}</p>`)}
      ${viewPayload('In', visit.input)}${viewPayload('Out', visit.output)}
    </details>
  </li>`;
}

function viewPayload(label: string, json: string | undefined): Html | undefined {
  if (json === undefined) return undefined;
  const pretty = indent(json);
  const cut = pretty.length > longestPayload;
  return markup`<figure class="payload">
    <figcaption>${label}</figcaption>
    <pre>
${cut ? pretty.slice(0, longestPayload) : pretty}${cut && markup`<em>… ${pretty.length - longestPayload} more characters</em>`}</pre>
  </figure>`;
}

function indent(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}
