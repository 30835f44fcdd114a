import * as z from 'zod/mini';
import { expect } from '../expectation.ts';
import { knock } from '../link-probe.ts';
import type { Scenario } from '../play.ts';
import type { Stage } from '../stage.ts';
import { findConnection } from './endpoint-connections.ts';

const fivetranAccount = '834469178297';
const PrivateLinks = z.object({
  data: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        state: z.string(),
        state_summary: z.nullish(z.string()),
        host: z.nullish(z.string()),
      }),
    ),
  }),
});

export const acceptance: Scenario<Stage> = {
  title: 'Fivetran asks to connect, and is let in without a click',
  steps: [
    {
      title: 'A person starts connect-source',
      acts: true,
      expectation:
        'One execution is all that anybody starts by hand; everything up to the last table follows from it.',
      run: async (stage) => {
        const { startMachine, fivetran, notes } = stage;
        const groups = await fivetran(
          z.object({ data: z.object({ items: z.array(z.object({ id: z.string(), name: z.string() })) }) }),
          'GET /v1/groups',
        );
        const group = groups.data.items[0];
        expect(group !== undefined, 'a group with a Databricks destination at Fivetran', 'no group');
        watchTheDoor(stage);
        const input = { source: 'postgres', groupId: group.id, schemaPrefix: 'dvd' };
        const arn = await startMachine('connect-source', input);
        notes.set('connectSource', arn);
        return `${arn.split(':').at(-1) ?? ''} with ${JSON.stringify(input)}`;
      },
    },
    {
      title: 'Fivetran’s endpoint asks to connect',
      expectation: `An interface endpoint of account ${fivetranAccount} asks to join our endpoint service.`,
      run: async ({ stack, fivetran, eventually, notes }) => {
        const request = await eventually('a request by Fivetran', 15_000, async () => {
          const seen = stack.observer
            .events()
            .find((event) => event.kind === 'endpoint-changed' && event.state === 'pendingAcceptance');
          if (seen?.kind === 'endpoint-changed') return { met: true, value: seen };
          const [link] = (await fivetran(PrivateLinks, 'GET /v1/private-links')).data.items;
          if (link?.state !== 'FAIL') return { met: false, seen: 'no endpoint that waits for acceptance' };
          return {
            met: false,
            seen: `private link ${link.id} in FAIL: ${link.state_summary ?? ''}`,
            hopeless: true,
          };
        });
        expect(
          request.owner === fivetranAccount,
          `an endpoint of ${fivetranAccount}`,
          `one of ${request.owner}`,
        );
        notes.set('endpointId', request.endpointId);
        return `${request.endpointId} of ${request.owner} is pendingAcceptance.`;
      },
    },
    {
      title: 'Before the acceptance the link carries nothing',
      expectation: 'While the request is pending, PostgreSQL cannot be reached through the endpoint.',
      run: ({ eventually, notes }) =>
        eventually('the knock at the pending endpoint to be refused', 5_000, () => {
          const seen = notes.get('knockBefore');
          return seen.startsWith('refused while pendingAcceptance')
            ? { met: true, value: seen }
            : { met: false, seen, hopeless: seen.startsWith('PostgreSQL answered') };
        }),
    },
    {
      title: 'The request is validated',
      expectation:
        'accept-endpoint was started by the event and decides to accept: owner, Region, claim and target are right.',
      run: ({ executionsAbout, eventually, notes }) =>
        eventually('validate-endpoint to decide', 15_000, async () => {
          const [execution] = await executionsAbout('accept-endpoint', notes.get('endpointId'));
          if (execution === undefined)
            return { met: false, seen: 'no execution of accept-endpoint about it' };
          const decision = execution.visits.findLast(({ state }) => state === 'ValidateEndpoint')?.output;
          if (execution.visits.some(({ state }) => state === 'AcceptEndpoint')) {
            return { met: true, value: `${execution.name}: ${summaryOf(decision)}` };
          }
          const hopeless = execution.status !== 'RUNNING';
          return { met: false, seen: `${execution.status}: ${decision ?? 'no decision yet'}`, hopeless };
        }),
    },
    {
      title: 'It is accepted and becomes available',
      expectation: 'EC2 shows the endpoint connection as available, and nobody clicked.',
      run: ({ ec2, stack, eventually, notes }) =>
        eventually('the endpoint connection to be available', 15_000, async () => {
          const connection = await findConnection(
            ec2,
            stack.info.endpointService.serviceId,
            notes.get('endpointId'),
          );
          const state: string = connection?.VpcEndpointState ?? 'gone';
          notes.set('endpointHost', connection?.DnsEntries?.[0]?.DnsName ?? '');
          return state === 'available'
            ? { met: true, value: `${notes.get('endpointId')} is available.` }
            : { met: false, seen: state };
        }),
    },
    {
      title: 'Now the link carries traffic',
      expectation: 'The same knock reaches PostgreSQL: the acceptance was the cause.',
      run: async ({ stack, notes }) => {
        const host = notes.get('endpointHost');
        const passage = await knock(stack.link.resolve(host));
        expect(passage.passes, 'PostgreSQL to answer', passage.passes ? '' : passage.seen);
        return `PostgreSQL answers through ${host}.`;
      },
    },
    {
      title: 'Fivetran’s private link is OK',
      expectation: 'Fivetran reports the private link as OK and names its host.',
      run: ({ fivetran, eventually, notes }) =>
        eventually('the private link to be OK', 15_000, async () => {
          const { data } = await fivetran(PrivateLinks, 'GET /v1/private-links');
          const link = data.items[0];
          if (link?.state !== 'OK') {
            return { met: false, seen: link?.state ?? 'no private link', hopeless: link?.state === 'FAIL' };
          }
          notes.set('privateLinkId', link.id);
          return { met: true, value: `${link.id} is OK at ${link.host ?? ''}.` };
        }),
    },
  ],
};

/** Knocks the moment that Fivetran's request is pending. */
function watchTheDoor(stage: Stage): void {
  stage.notes.set('knockBefore', 'no request yet');
  const stop = stage.stack.observer.subscribe((event) => {
    if (event.kind !== 'endpoint-changed' || event.state !== 'pendingAcceptance') return;
    stop();
    void knockWhilePending(stage, event.endpointId).then(
      (seen) => stage.notes.set('knockBefore', seen),
      (error: unknown) => stage.notes.set('knockBefore', String(error)),
    );
  });
}

/** What a knock gives, and the state in which the request still was when the answer came. */
async function knockWhilePending({ ec2, stack, eventually }: Stage, endpointId: string): Promise<string> {
  const { serviceId } = stack.info.endpointService;
  const address = await eventually('an address of the endpoint', 2000, async () => {
    const connection = await findConnection(ec2, serviceId, endpointId);
    const value = stack.link.resolve(connection?.DnsEntries?.[0]?.DnsName ?? '');
    return value === undefined ? { met: false, seen: 'none' } : { met: true, value };
  });
  const passage = await knock(address);
  const state = (await findConnection(ec2, serviceId, endpointId))?.VpcEndpointState ?? 'gone';
  return passage.passes ? `PostgreSQL answered while ${state}` : `refused while ${state}: ${passage.seen}`;
}

function summaryOf(output: string | undefined): string {
  const found = z.safeParse(
    z.object({ decision: z.object({ summary: z.string() }) }),
    JSON.parse(output ?? '{}'),
  );
  return found.success ? found.data.decision.summary : 'accept';
}
