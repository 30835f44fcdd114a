/**
 * Shifts the time that this thread sees by what `shiftMs` answers, so that hours pass for a bundle without it
 * knowing. Timers keep their pace.
 */
export function installClock(shiftMs: () => number): void {
  const RealDate = Date;
  const now = (): number => RealDate.now() + shiftMs();
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, key, receiver) => {
      const found: unknown = key === 'now' ? now : Reflect.get(target, key, receiver);
      return found;
    },
  });
}
