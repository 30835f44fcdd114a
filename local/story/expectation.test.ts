import { expect, test } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { eventually, type Look } from './expectation.ts';

const patience = (withinMs = 1000) => {
  let now = 0;
  const clock: Clock = {
    now: () => new Date(now),
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
  return { clock, signal: new AbortController().signal, withinMs, everyMs: 100, elapsed: () => now };
};

const looks = (...given: Look<string>[]) => {
  const left = [...given];
  return () => left.shift() ?? given.at(-1)!;
};

test('gives what was seen when the condition is met', async () => {
  const options = patience();
  const look = looks({ met: false, seen: 'pending' }, { met: true, value: 'available' });
  expect(await eventually('it to be available', look, options)).toBe('available');
  expect(options.elapsed()).toBe(100);
});

test('says what was expected and what was seen at the deadline', async () => {
  await expect(
    eventually('it to be available', looks({ met: false, seen: 'pending' }), patience()),
  ).rejects.toThrow('Expected it to be available within 1 s.\nAt the end saw pending.');
});

test('gives up at once when it is hopeless', async () => {
  const options = patience();
  const look = looks({ met: false, seen: 'the execution FAILED', hopeless: true });
  await expect(eventually('it to succeed', look, options)).rejects.toThrow('Saw the execution FAILED.');
  expect(options.elapsed()).toBe(0);
});

test('counts an error as something seen', async () => {
  const look = () => Promise.reject(new Error('connection refused'));
  await expect(eventually('an answer', look, patience())).rejects.toThrow('an error: connection refused');
});

test('stops when told to', async () => {
  const signal = AbortSignal.abort(new Error('Ctrl-C'));
  await expect(eventually('x', looks({ met: true, value: '' }), { ...patience(), signal })).rejects.toThrow(
    'Ctrl-C',
  );
});
