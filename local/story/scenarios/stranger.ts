import { CreateVpcEndpointCommand, ModifyVpcEndpointServicePermissionsCommand } from '@aws-sdk/client-ec2';
import { expect } from '../expectation.ts';
import { knock } from '../link-probe.ts';
import type { Scenario } from '../play.ts';
import type { Stage } from '../stage.ts';
import { findConnection } from './endpoint-connections.ts';

const stranger = '210987654321';

export const strangers: Scenario<Stage> = {
  title: 'A stranger stays outside',
  steps: [
    {
      title: 'An operator allows the wrong account',
      acts: true,
      expectation: 'By mistake another account may ask to connect.',
      run: async ({ ec2, stack }) => {
        const principal = `arn:aws:iam::${stranger}:root`;
        await ec2.send(
          new ModifyVpcEndpointServicePermissionsCommand({
            ServiceId: stack.info.endpointService.serviceId,
            AddAllowedPrincipals: [principal],
          }),
        );
        return `${principal} is allowed.`;
      },
    },
    {
      title: 'The stranger asks to connect',
      acts: true,
      expectation: 'Its endpoint waits for acceptance, as Fivetran’s did.',
      run: async ({ ec2Of, ec2, stack, eventually, notes }) => {
        const { serviceId, serviceName } = stack.info.endpointService;
        const { VpcEndpoint } = await ec2Of(stranger).send(
          new CreateVpcEndpointCommand({
            VpcEndpointType: 'Interface',
            VpcId: 'vpc-0aaaaaaaaaaaaaaaa',
            ServiceName: serviceName,
          }),
        );
        const id = VpcEndpoint?.VpcEndpointId ?? '';
        notes.set('strangerEndpointId', id);
        return eventually('the request to be pending', 5000, async () => {
          const found = await findConnection(ec2, serviceId, id);
          const seen = `${id} of ${found?.VpcEndpointOwner ?? 'nobody'} is ${found?.VpcEndpointState ?? 'not listed'}`;
          const state: string = found?.VpcEndpointState ?? '';
          return state === 'pendingAcceptance' ? { met: true, value: `${seen}.` } : { met: false, seen };
        });
      },
    },
    {
      title: 'The request is held',
      expectation: 'accept-endpoint ends without accepting.',
      run: ({ executionsAbout, eventually, notes }) =>
        eventually('the request to be held', 15_000, async () => {
          const [execution] = await executionsAbout('accept-endpoint', notes.get('strangerEndpointId'));
          if (execution === undefined) return { met: false, seen: 'no execution about it' };
          const states = execution.visits.map(({ state }) => state).join(' → ');
          const seen = `${execution.status}: ${states}`;
          if (execution.status === 'RUNNING') return { met: false, seen };
          const held = execution.status === 'SUCCEEDED' && execution.visits.at(-1)?.state === 'Held';
          return held ? { met: true, value: `${seen}.` } : { met: false, seen, hopeless: true };
        }),
    },
    {
      title: 'On-call is told who asked',
      expectation: 'A Slack message names the account and the endpoint, and how to decide by hand.',
      run: ({ slack, eventually, notes }) =>
        eventually('a Slack message about the stranger', 10_000, async () => {
          const messages = await slack();
          const about = messages.find(({ text, blocks }) => {
            const whole = `${text} ${JSON.stringify(blocks ?? [])}`;
            return whole.includes(stranger) && whole.includes(notes.get('strangerEndpointId'));
          });
          return about === undefined
            ? { met: false, seen: `${messages.length} other messages` }
            : { met: true, value: about.text };
        }),
    },
    {
      title: 'Nothing passes',
      expectation: 'The stranger’s endpoint is still pending and PostgreSQL cannot be reached through it.',
      run: async ({ ec2, stack, notes }) => {
        const id = notes.get('strangerEndpointId');
        const found = await findConnection(ec2, stack.info.endpointService.serviceId, id);
        const state: string = found?.VpcEndpointState ?? 'gone';
        expect(state === 'pendingAcceptance', 'the request still to be pendingAcceptance', state);
        const passage = await knock(stack.link.resolve(found?.DnsEntries?.[0]?.DnsName ?? ''));
        expect(!passage.passes, 'a closed door', 'PostgreSQL answered');
        return `${id} is ${state}; ${passage.seen}.`;
      },
    },
  ],
};
