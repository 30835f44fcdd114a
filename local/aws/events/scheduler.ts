import { readScheduleExpression, type ScheduleTimes } from './schedule-expression.ts';

export interface Schedule {
  name: string;
  arn: string;
  expression: string;
  enabled: boolean;
  targetArn: string;
  roleArn: string | undefined;
  /** JSON text for the target. */
  input: string | undefined;
  /** Does what the schedule is for. */
  fire: (scheduledFor: Date) => void;
}

export interface Scheduler {
  /** @throws ScheduleExpressionError */
  add: (schedule: Schedule) => void;
  schedules: () => Schedule[];
  /** Fires the named schedule now. @throws Error when there is none */
  trigger: (name: string) => void;
  /** Begins to fire; until then, and after `pause`, schedules stand still. */
  start: () => void;
  pause: () => void;
}

interface SchedulerOptions {
  /** Factor on the time until a schedule fires: 1 is real time, 0.1 ten times as often. */
  intervalScale?: number;
  now?: () => Date;
}

/** The longest time that Node's timers keep; a later date is waited for in pieces. */
const longestTimerMs = 2_147_483_647;

export function createScheduler({
  intervalScale = 1,
  now = () => new Date(),
}: SchedulerOptions = {}): Scheduler {
  const schedules = new Map<string, { schedule: Schedule; times: ScheduleTimes }>();
  const timers = new Map<string, NodeJS.Timeout>();
  let running = false;

  const arm = (name: string): void => {
    const entry = schedules.get(name);
    if (!running || !entry?.schedule.enabled) return;
    const due = entry.times(now());
    if (due === undefined) return;
    wait(name, due, (due.getTime() - now().getTime()) * intervalScale);
  };
  const wait = (name: string, due: Date, ms: number): void => {
    const piece = Math.min(Math.max(ms, 1), longestTimerMs);
    timers.set(
      name,
      setTimeout(() => {
        if (piece < ms) {
          wait(name, due, ms - piece);
          return;
        }
        schedules.get(name)?.schedule.fire(due);
        arm(name);
      }, piece).unref(),
    );
  };
  const disarm = (name: string): void => {
    clearTimeout(timers.get(name));
    timers.delete(name);
  };

  return {
    add: (schedule) => {
      disarm(schedule.name);
      schedules.set(schedule.name, { schedule, times: readScheduleExpression(schedule.expression) });
      arm(schedule.name);
    },
    schedules: () => [...schedules.values()].map(({ schedule }) => schedule),
    trigger: (name) => {
      const entry = schedules.get(name);
      if (entry === undefined) {
        const known = [...schedules.keys()].join(', ');
        throw new Error(`There is no schedule ${name}; there are: ${known}.`);
      }
      entry.schedule.fire(now());
    },
    start: () => {
      running = true;
      for (const name of schedules.keys()) {
        disarm(name);
        arm(name);
      }
    },
    pause: () => {
      running = false;
      for (const name of [...timers.keys()]) disarm(name);
    },
  };
}
