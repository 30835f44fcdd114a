import type { GetExecutionHistoryOutput } from '@aws-sdk/client-sfn';

/** A page of an execution's history, the newest event first. */
export type HistoryPage = Pick<GetExecutionHistoryOutput, 'events' | 'nextToken'>;

/**
 * The states that an execution entered after the event `seen`, in their order, and its newest event. Reads from the
 * newest event back to the last one seen: the history of hours has thousands, and nearly all are known. Choices are
 * left out: the name of a choice is the question, and reads like its answer.
 */
export async function newStates(
  readPage: (nextToken: string | undefined) => Promise<HistoryPage>,
  seen: number,
): Promise<{ entered: string[]; newest: number }> {
  const entered: string[] = [];
  let newest = seen;
  let oldest = Number.POSITIVE_INFINITY;
  let nextToken: string | undefined;
  do {
    const page = await readPage(nextToken);
    for (const { id = 0, type, stateEnteredEventDetails: state } of page.events ?? []) {
      // What happens between two pages may move events from the first to the second.
      if (id >= oldest) continue;
      oldest = id;
      if (id <= seen) break;
      newest = Math.max(newest, id);
      if (state?.name !== undefined && type !== 'ChoiceStateEntered') entered.push(state.name);
    }
    nextToken = oldest <= seen + 1 ? undefined : page.nextToken;
  } while (nextToken !== undefined);
  return { entered: entered.reverse(), newest };
}
