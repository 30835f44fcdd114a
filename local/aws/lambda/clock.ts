import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { syncBuiltinESMExports } from 'node:module';
import type { FunctionClock } from './messages.ts';

/**
 * Makes this thread see shifted and faster time, so that a bundle's hours pass in seconds without the bundle
 * knowing: Date, setTimeout, setInterval and the timers modules.
 */
export function installClock({ offsetMs, scale }: FunctionClock): void {
  const RealDate = Date;
  const origin = RealDate.now();
  const now = (): number => Math.round(origin + offsetMs + (RealDate.now() - origin) * scale);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, key, receiver) => {
      const found: unknown = key === 'now' ? now : Reflect.get(target, key, receiver);
      return found;
    },
  });
  const faster = (ms: unknown): number => (typeof ms === 'number' ? ms / scale : 0);
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const real: unknown = Reflect.get(globalThis, name);
    if (typeof real !== 'function') continue;
    const scaled = Object.assign((callback: unknown, ms: unknown, ...rest: unknown[]): unknown => {
      const timer: unknown = Reflect.apply(real, globalThis, [callback, faster(ms), ...rest]);
      return timer;
    }, real);
    Reflect.set(globalThis, name, scaled);
    Reflect.set(timers, name, scaled);
    const promised: unknown = Reflect.get(timersPromises, name);
    if (typeof promised !== 'function') continue;
    Reflect.set(timersPromises, name, (ms: unknown, ...rest: unknown[]): unknown => {
      const result: unknown = Reflect.apply(promised, undefined, [faster(ms), ...rest]);
      return result;
    });
  }
  syncBuiltinESMExports();
}
