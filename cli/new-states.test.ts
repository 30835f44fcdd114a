import type { HistoryEventType } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { newStates, type HistoryPage } from './new-states.ts';

const pageSize = 50;

/** An execution that goes on: each event enters a state that is called like the event. */
function createExecution(typeOf: (id: number) => HistoryEventType = () => 'TaskStateEntered') {
  const names: string[] = [];
  let pages = 0;
  let duringRead: (() => void) | undefined;
  const goOn = (count: number): void => {
    for (let more = 0; more < count; more += 1) names.push(`state ${String(names.length + 1)}`);
  };
  return {
    goOn,
    pages: () => pages,
    /** Does this after the next page was read. */
    afterNextPage: (happens: () => void) => (duringRead = happens),
    read: (token: string | undefined): Promise<HistoryPage> => {
      pages += 1;
      const start = Number(token ?? 0);
      const newestFirst = names.map((name, index) => ({
        timestamp: undefined,
        type: typeOf(index + 1),
        id: index + 1,
        stateEnteredEventDetails: { name },
      }));
      const events = newestFirst.reverse().slice(start, start + pageSize);
      const nextToken = start + pageSize < names.length ? String(start + pageSize) : undefined;
      duringRead?.();
      duringRead = undefined;
      return Promise.resolve({ events, nextToken });
    },
    states: (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => `state ${String(from + index)}`),
  };
}

describe('the states that an execution has entered since the last look', () => {
  it('are all shown, once, in their order, however many there are between two looks', async () => {
    const execution = createExecution();
    const shown: string[] = [];
    let seen = 0;
    for (const count of [1, 0, 3, 49, 50, 51, 0, 230, 1]) {
      execution.goOn(count);
      const { entered, newest } = await newStates(execution.read, seen);
      shown.push(...entered);
      seen = newest;
    }
    expect(shown).toEqual(execution.states(1, 385));
  });

  it('cost one page a look, however long the execution has run', async () => {
    const execution = createExecution();
    execution.goOn(9000);
    const { newest } = await newStates(execution.read, 8990);
    await newStates(execution.read, newest);
    expect(execution.pages()).toBe(2);
  });

  it('are not shown twice when more of them are entered between two pages', async () => {
    const execution = createExecution();
    execution.goOn(80);
    execution.afterNextPage(() => execution.goOn(7));
    const first = await newStates(execution.read, 0);
    expect(first.entered).toEqual(execution.states(1, 80));
    const second = await newStates(execution.read, first.newest);
    expect(second.entered).toEqual(execution.states(81, 87));
  });

  it('are not the choices, whose names are questions that read like answers', async () => {
    const execution = createExecution((id) => (id % 2 === 0 ? 'ChoiceStateEntered' : 'TaskStateEntered'));
    execution.goOn(4);
    expect(await newStates(execution.read, 0)).toEqual({ entered: ['state 1', 'state 3'], newest: 4 });
  });
});
