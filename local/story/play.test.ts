import { expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { play, type Audience, type Scenario } from './play.ts';

const heard = () => {
  const words: string[] = [];
  const audience: Audience = {
    scenarioStarted: (title) => words.push(`# ${title}`),
    stepStarted: ({ title }) => words.push(`> ${title}`),
    stepEnded: ({ title, status }) => words.push(`${status}: ${title}`),
  };
  return { words, audience };
};

const step = (title: string, run: () => Promise<string>) => ({ title, expectation: `${title} holds`, run });
const scenarios: Scenario<undefined>[] = [
  { title: 'first', steps: [step('a', () => Promise.resolve('saw a'))] },
  {
    title: 'second',
    steps: [
      step('b', () => Promise.reject(new Error('Expected b.\nSaw c.'))),
      step('c', () => Promise.resolve('never')),
    ],
  },
  { title: 'third', steps: [step('d', () => Promise.resolve('never'))] },
];

test('ends at the first step that fails, names it, and records the rest as not run', async () => {
  const { audience, words } = heard();
  const outcome = await play(scenarios, undefined, {
    audience,
    clock: systemClock,
    signal: new AbortController().signal,
  });
  expect(outcome.failure).toEqual({ scenario: 'second', step: 'b', message: 'Expected b.\nSaw c.' });
  expect(
    outcome.scenarios.flatMap(({ steps }) => steps.map(({ title, status }) => `${title} ${status}`)),
  ).toEqual(['a passed', 'b failed', 'c not-run', 'd not-run']);
  expect(words).toEqual(['# first', '> a', 'passed: a', '# second', '> b', 'failed: b']);
});

test('keeps what was seen as proof', async () => {
  const outcome = await play(scenarios.slice(0, 1), undefined, {
    audience: heard().audience,
    clock: systemClock,
    signal: new AbortController().signal,
  });
  expect(outcome.failure).toBeUndefined();
  expect(outcome.scenarios[0]!.steps[0]).toMatchObject({ seen: 'saw a', status: 'passed' });
  expect(outcome.scenarios[0]!.steps[0]!.durationMs).toBeGreaterThanOrEqual(0);
});

test('ends where it stands when it is told to, and blames no step', async () => {
  const { audience, words } = heard();
  const stopping = new AbortController();
  const long: Scenario<undefined>[] = [
    {
      title: 'long',
      steps: [
        step('e', () => {
          stopping.abort(new Error('Stopped by SIGINT.'));
          return Promise.reject(new Error('interrupted'));
        }),
      ],
    },
  ];
  const played = play(long, undefined, { audience, clock: systemClock, signal: stopping.signal });
  await expect(played).rejects.toThrow('Stopped by SIGINT.');
  expect(words).toEqual(['# long', '> e']);
});
