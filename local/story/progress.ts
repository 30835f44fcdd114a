import { formatDuration } from '../report/duration.ts';
import type { StepRecord } from '../report/report-data.ts';
import type { Audience } from './play.ts';

/** Where progress is written; a terminal when it has columns and can be rewritten. */
export interface Screen {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  write: (text: string) => unknown;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;
const indent = '  ';

export interface Progress extends Audience {
  /** A step that is not part of the story, such as booting. */
  during: <Value>(title: string, work: () => Promise<Value>) => Promise<Value>;
  line: (text: string, tone?: Tone) => void;
  /** Wipes the spinner, so that nothing is left half written. */
  stop: () => void;
}

export type Tone = 'good' | 'bad' | 'soft' | 'bold';
const codes: Record<Tone, string> = { good: '32', bad: '31', soft: '2', bold: '1' };

/** Live progress: a spinner and durations on a terminal, one plain line per step elsewhere. */
export function createProgress(screen: Screen, { color }: { color: boolean }): Progress {
  const live = screen.isTTY === true;
  const columns = screen.columns ?? 100;
  let spinner: { timer: NodeJS.Timeout; frame: number } | undefined;

  const paint = (text: string, tone: Tone): string =>
    color ? `\u001B[${codes[tone]}m${text}\u001B[0m` : text;
  const fit = (text: string, width: number): string =>
    text.length > width ? `${text.slice(0, width - 1)}…` : text;
  const wipe = (): void => {
    if (spinner === undefined) return;
    clearInterval(spinner.timer);
    spinner = undefined;
    screen.write('\r\u001B[2K\u001B[?25h');
  };
  const line: Progress['line'] = (text, tone) => {
    wipe();
    screen.write(`${tone === undefined ? text : paint(text, tone)}\n`);
  };
  const spin = (title: string): void => {
    wipe();
    if (!live) return;
    const state = { timer: setInterval(() => draw(), frameMs), frame: 0 };
    state.timer.unref();
    spinner = state;
    const started = Date.now();
    const draw = (): void => {
      const sign = frames[state.frame % frames.length] ?? '';
      state.frame += 1;
      const took = formatDuration(Date.now() - started);
      screen.write(
        `\r\u001B[2K\u001B[?25l${indent}${sign} ${fit(title, columns - took.length - 8)}  ${paint(took, 'soft')}`,
      );
    };
    draw();
  };
  const ended = (title: string, passed: boolean, durationMs: number): void => {
    const took = formatDuration(durationMs);
    const sign = passed ? paint('✓', 'good') : paint('✗', 'bad');
    const text = live ? fit(title, columns - took.length - 8) : title;
    line(`${indent}${sign} ${text}  ${paint(took, 'soft')}`);
  };

  return {
    scenarioStarted: (title) => line(`\n${paint(title, 'bold')}`),
    stepStarted: ({ title }: StepRecord) => spin(title),
    stepEnded: (step: StepRecord) => {
      ended(step.title, step.status === 'passed', step.durationMs ?? 0);
      if (step.status !== 'failed') return;
      for (const text of [`expected  ${step.expectation}`, ...(step.seen ?? '').split('\n')]) {
        line(`${indent}    ${text}`, 'bad');
      }
    },
    during: async (title, work) => {
      const started = Date.now();
      spin(title);
      let passed = false;
      try {
        const value = await work();
        passed = true;
        return value;
      } finally {
        ended(title, passed, Date.now() - started);
      }
    },
    line,
    stop: wipe,
  };
}
