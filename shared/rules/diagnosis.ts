import type { Diagnosis, FailureToDiagnose } from '../contracts/diagnosis.ts';
import { Finding } from '../contracts/finding.ts';
import { taskText } from './fivetran-task-text.ts';
import { capital, cleanLine, cleanText } from './clean-text.ts';
import { failureCatalogue, type FailureRow } from './failure-catalogue.ts';
import { thrownMessage } from './thrown-message.ts';

/** The path in the order in which data flows: what is broken further up explains what is broken further down. */
const stations = [
  {
    part: 'source',
    name: 'PostgreSQL source',
    code: 'source-unhealthy',
    headline: 'the source is not fit to be read',
  },
  {
    part: 'targets',
    name: 'load balancer targets',
    code: 'targets-unhealthy',
    headline: 'the load balancer cannot reach the database',
  },
  {
    part: 'endpoint',
    name: 'endpoint connection',
    code: 'endpoint-lost',
    headline: "Fivetran's endpoint is not connected",
  },
  {
    part: 'sync',
    name: 'Fivetran connection',
    code: 'setup-broken',
    headline: "the connection's set-up is broken",
  },
] as const;

type Station = (typeof stations)[number];

/** Every cause that a diagnosis can name; each has its entry in docs/runbook.md. */
export const diagnosisCodes: readonly string[] = [
  ...new Set([...failureCatalogue, ...stations].map(({ code }) => code)),
  'unknown',
];

const mostEvidence = 10;
const limits = { said: 400, summary: 200, reason: 200, remedy: 1_200 };

/** What one part of the path was found to be, or why it is not known. */
interface Checked {
  station: Station;
  findings: Finding[];
  notChecked: string | undefined;
}

/**
 * Why it failed, as far as can be told. Words that name a cause are believed; words that only name a symptom
 * (a timeout, a reset) give way to the most upstream part of the path that was found broken. What fits nothing is
 * shown as it is, never guessed.
 */
export function diagnose(failure: FailureToDiagnose): Diagnosis {
  const checked = stations.map((station) => read(station, failure.evidence[station.part]));
  const said = whatWasSaid(failure, checked);
  const searched = said.whole.toLowerCase();
  const row = failureCatalogue.find(({ recognisedBy }) => recognisedBy.some((words) => words.test(searched)));
  const broken = checked.find(({ findings }) => findings.some(({ status }) => status === 'blocking'));
  const cause =
    row?.names === 'cause' || broken === undefined ? byWords(row, said) : byFinding(broken, row, said.shown);
  return {
    code: cause.code,
    summary: cleanLine(headlineOf(failure, cause, row), limits.summary),
    cause: cause.text,
    evidence: evidenceOf(checked, said, cause.code),
    remedy: cleanText(cause.remedy, limits.remedy),
    notChecked: checked.flatMap(({ notChecked }) => notChecked ?? []),
  };
}

function headlineOf(
  { connection, sync }: FailureToDiagnose,
  cause: Cause,
  row: FailureRow | undefined,
): string {
  const name = connection.name === '' ? connection.connectionId : connection.name;
  if (connection.connectionId === '') return `${name} could not be connected: ${cause.headline}`;
  if (row?.statement !== undefined && row.code === cause.code) return `${name}: ${row.statement}`;
  if (sync?.status === 'SUCCESSFUL') return `increment of ${name} could not be verified: ${cause.headline}`;
  return `sync of ${name} failed: ${cause.headline}`;
}

interface Cause {
  code: string;
  headline: string;
  text: string;
  remedy: string;
}

function byWords(row: FailureRow | undefined, said: Said): Cause {
  const { shown } = said;
  if (row !== undefined) {
    return {
      code: row.code,
      headline: `${row.headline}${aboutOf(row, said)}`,
      text: row.quotes === true && shown !== '' ? `${row.meaning} ${ended(shown)}` : row.meaning,
      remedy: row.remedy,
    };
  }
  return {
    code: 'unknown',
    headline: shown === '' ? 'nobody said why' : shown,
    text:
      shown === ''
        ? 'Neither Fivetran nor our own checks name a cause.'
        : `This failure is not in the catalogue. It was said: ${ended(shown)}`,
    remedy:
      'Open the connection in Fivetran and read the log of the last sync. If the failure has a name, add it to the failure catalogue.',
  };
}

/** ` (public.rental)`: the thing that the words name, where a row knows how to find it. */
function aboutOf({ about }: FailureRow, { shown, whole }: Said): string {
  const named = about?.exec(shown) ?? about?.exec(whole);
  const names = named?.slice(1).filter((name) => name !== '') ?? [];
  return names.length === 0 ? '' : ` (${names.join('.')})`;
}

function byFinding({ station, findings }: Checked, row: FailureRow | undefined, shown: string): Cause {
  const blocking = findings.find(({ status }) => status === 'blocking');
  const summary = blocking?.summary ?? station.headline;
  // The finding may itself quote words that name its cause, such as a refused password.
  const named = failureCatalogue.find(
    ({ names, recognisedBy }) =>
      names === 'cause' && recognisedBy.some((words) => words.test(summary.toLowerCase())),
  );
  const parts = [ended(capital(summary)), named?.meaning ?? '', followedBy(row, shown)];
  return {
    code: named?.code ?? station.code,
    headline: named?.headline ?? station.headline,
    text: cleanText(parts.filter((part) => part !== '').join(' '), 900),
    remedy: blocking?.remedy ?? named?.remedy ?? `See the runbook entry ${station.code}.`,
  };
}

/** What the broken part led to: our own steps may have stopped before any sync, so nobody is said to have said it. */
function followedBy(row: FailureRow | undefined, shown: string): string {
  if (row !== undefined) return `That is why ${row.headline}.`;
  return shown === '' ? '' : `That is why this was reported: ${ended(shown)}`;
}

/** Ends with a full stop, since the remedy follows in the execution's cause. */
const ended = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

const weight: Record<Finding['status'], number> = { blocking: 0, warning: 1, ok: 2, skipped: 3 };

/** What was said and what was found, the worst first; the order of the path among equals. */
function evidenceOf(checked: readonly Checked[], { shown, by }: Said, code: string): Finding[] {
  const words: Finding[] =
    shown === '' ? [] : [{ check: by.check, status: 'blocking', summary: `${by.prefix}${shown}` }];
  const found = checked
    .flatMap(({ findings }) => findings)
    .filter(({ status, check }) => status === 'blocking' || status === 'warning' || isTelling(check, code))
    .filter(({ summary }) => !repeats(summary, shown))
    .sort((a, b) => weight[a.status] - weight[b.status]);
  const whole = checked
    .filter(
      ({ findings }) =>
        findings.length > 0 && findings.every(({ status }) => status === 'ok' || status === 'skipped'),
    )
    .map(({ station }): Finding => ({
      check: station.part,
      status: 'ok',
      summary: `${capital(station.name)}: all checks passed.`,
    }));
  return [...words, ...found, ...whole].slice(0, mostEvidence);
}

/** Whether a finding only says again what was said, such as Fivetran's task beside its reason. */
const repeats = (summary: string, shown: string): boolean => {
  const words = summary.slice(summary.lastIndexOf(': ') + 2).replace(/\.$/, '');
  return words.length > 3 && shown.toLowerCase().includes(words.toLowerCase());
};

/** An answer that is in order and still belongs to this cause, such as the headroom at a Teleport limit. */
const isTelling = (check: string, code: string): boolean =>
  code.startsWith('teleport') && /headroom|teleport/.test(check);

/** Who speaks, and how that is told. */
const speakers = {
  fivetran: { check: 'fivetran.sync', prefix: 'Fivetran says: ' },
  /** Whoever follows the sync gave it up: Fivetran did not fail it. */
  follower: { check: 'fivetran.sync', prefix: '' },
  step: { check: 'step', prefix: 'A step of ours failed: ' },
} as const;

/** Everything that has words for the failure: to be searched whole, and in short as it is shown. */
interface Said {
  whole: string;
  shown: string;
  by: (typeof speakers)[keyof typeof speakers];
}

function whatWasSaid({ sync, error }: FailureToDiagnose, checked: readonly Checked[]): Said {
  const tasks = [...(sync?.tasks ?? []), ...(sync?.warnings ?? [])].flatMap(({ code, message, details }) => [
    code,
    message,
    typeof details === 'string' ? details : JSON.stringify(details ?? ''),
  ]);
  const reason = sync?.reason ?? '';
  const ownError =
    error === null || error === undefined ? '' : `${error.Error}: ${thrownMessage(error.Cause)}`;
  const found = checked
    .flatMap(({ station, findings }) => (station.part === 'sync' ? findings : []))
    .filter(({ status }) => status === 'blocking' || status === 'warning')
    .map(({ summary }) => summary);
  const whole = [sync?.status ?? '', reason, ...tasks, ownError, ...found].join('\n');
  const [task] = (sync?.tasks ?? []).map(taskText).filter((words) => words !== '');
  const ofSync = reason === '' ? task : reason;
  const gaveUp = reason !== '' && !(sync?.status ?? '').startsWith('FAILURE');
  return {
    whole,
    shown: cleanLine(ofSync ?? ownError, limits.said),
    by: speakers[ofSync === undefined ? 'step' : gaveUp ? 'follower' : 'fivetran'],
  };
}

/** Findings where there are some; otherwise why there are none. Evidence comes from functions that may have failed. */
function read(station: Station, value: unknown): Checked {
  const known = { station, findings: [], notChecked: undefined };
  if (value === undefined || value === null) {
    // How the sync ended is known without evidence about it.
    return station.part === 'sync' ? known : { ...known, notChecked: `${station.name}: was not asked` };
  }
  if (typeof value !== 'object') return { ...known, notChecked: `${station.name}: gave no answer` };
  const error = errorOf(value);
  const findings = 'findings' in value && Array.isArray(value.findings) ? findingsOf(value.findings) : [];
  const skipped = findings.filter(({ status }) => status === 'skipped');
  if (findings.length === 0) {
    // A sync's own evidence is words, not findings.
    const quiet = station.part === 'sync' && error === '';
    return {
      ...known,
      notChecked: quiet ? undefined : `${station.name}: ${error === '' ? 'gave no findings' : error}`,
    };
  }
  const notChecked =
    skipped.length === 0
      ? undefined
      : `${station.name}: ${skipped
          .map(({ summary }) => cleanLine(summary, limits.reason).replace(/\.$/, ''))
          .slice(0, 3)
          .join('; ')}`;
  return { station, findings, notChecked };
}

function errorOf(value: object): string {
  const error: unknown = 'error' in value ? value.error : value;
  if (typeof error === 'string') return cleanLine(error, limits.reason);
  if (typeof error !== 'object' || error === null || !('Error' in error)) return '';
  const cause = 'Cause' in error && typeof error.Cause === 'string' ? thrownMessage(error.Cause) : '';
  return cleanLine(`${String(error.Error)}${cause === '' ? '' : `: ${cause}`}`, limits.reason);
}

const findingsOf = (values: readonly unknown[]): Finding[] =>
  values.flatMap((value) => {
    const finding = Finding.safeParse(value);
    return finding.success ? [finding.data] : [];
  });
