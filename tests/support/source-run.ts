import type { LocalStack } from '../../local/stack.ts';
import type { Finding } from '../../shared/contracts/finding.ts';

/** How one execution ended, as far as the source goes. */
export interface EndedRun {
  status: string;
  /** Its output, or why it failed. */
  output: string;
  /** What check-source found before the sync. */
  found: Finding[];
  /** What verify-increment answered last; undefined when it was not asked. */
  verification: { verdict: string; rows: number; reason: string; summary: string } | undefined;
}

/** Runs machines of a local stack and reads what they found at the source. */
export interface SourceRuns {
  run: (machine: string, input: Record<string, string>) => Promise<EndedRun>;
  /** One sync of the connection, started by run-sync. */
  sync: () => Promise<EndedRun>;
  connectionId: string;
}

/** Connects the stack's source, and runs one sync beside the first, so that there is a mark to compare with. */
export async function connectSource(stack: LocalStack): Promise<SourceRuns> {
  const run: SourceRuns['run'] = async (machine, input) => {
    const { arn } = stack.stepFunctions.start(stack.info.stateMachines[machine] ?? '', input);
    const { status, history, output, cause } = await stack.stepFunctions.ended(arn);
    await stack.idle();
    const outputs = history.flatMap(({ details }) =>
      typeof details.name === 'string' && typeof details.output === 'string'
        ? [{ state: details.name, value: JSON.parse(details.output) as Record<string, unknown> }]
        : [],
    );
    const check = outputs.find(({ state }) => state === 'CheckSource')?.value;
    const verified = outputs.findLast(({ state }) => state.startsWith('VerifyIncrement'))?.value;
    return {
      status,
      output: output ?? cause ?? '',
      found: (check?.findings ?? []) as Finding[],
      verification: verified?.verification as EndedRun['verification'],
    };
  };
  const connected = await run('connect-source', {
    source: 'postgres',
    groupId: stack.fivetran.groupId,
    schemaPrefix: 'dvd',
  });
  if (connected.status !== 'SUCCEEDED') throw new Error(`Not connected: ${connected.output}`);
  const { connectionId } = JSON.parse(connected.output) as { connectionId: string };
  const sync = (): Promise<EndedRun> => run('run-sync', { connectionId });
  const first = await sync();
  if (first.status !== 'SUCCEEDED') throw new Error(`Not synced: ${first.output}`);
  return { run, sync, connectionId };
}
