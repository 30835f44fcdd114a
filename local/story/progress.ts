import { formatDuration } from '../report/duration.ts';
import type { StepRecord } from '../report/report-data.ts';
import type { Audience } from './play.ts';

/** Where progress is written. */
export interface Screen {
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

/** Progress as it goes: `live` with a spinner, which a terminal can rewrite; otherwise one plain line per step. */
export function createProgress(screen: Screen, { live, color }: { live: boolean; color: boolean }): Progress {
  let spinner: { timer: NodeJS.Timeout; frame: number } | undefined;

  const paint = (text: string, tone: Tone): string =>
    color ? `\u001B[${codes[tone]}m${text}\u001B[0m` : text;
  const fit = (text: string, width: number): string =>
    text.length > width ? `${text.slice(0, width - 1)}…` : text;
  /** Room for a title beside its sign and what it took; some terminals say that they have no columns. */
  const room = (took: string): number => {
    const { columns = 0 } = screen;
    return (columns > 0 ? columns : 100) - took.length - 8;
  };
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
        `\r\u001B[2K\u001B[?25l${indent}${sign} ${fit(title, room(took))}  ${paint(took, 'soft')}`,
      );
    };
    draw();
  };
  const ended = (title: string, passed: boolean, durationMs: number): void => {
    const took = formatDuration(durationMs);
    const sign = passed ? paint('✓', 'good') : paint('✗', 'bad');
    const text = live ? fit(title, room(took)) : title;
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
