import type { Scenario } from '../scenario.ts';

/** What breaks in Fivetran. */
export const fivetranScenarios: Scenario[] = [
  {
    code: 'setup-broken',
    says: 'the firewall closed the port',
    in: 'run-sync',
    breaks: async (stage) => failSetupTest(stage, 'the firewall closed the port'),
  },
  {
    code: 'setup-tests-failed',
    namedAs: 'setup-broken',
    says: "That is why Fivetran's setup tests fail",
    in: 'run-sync',
    breaks: async (stage) => failSetupTest(stage, 'nobody answers'),
  },
  {
    code: 'connection-paused',
    says: 'is paused',
    in: 'run-sync',
    breaks: async ({ fivetran, connectionId }) => {
      await fivetran('PATCH', `/v1/connections/${connectionId}`, { paused: true });
      return () => fivetran('PATCH', `/v1/connections/${connectionId}`, { paused: false });
    },
  },
  {
    code: 'access-denied',
    says: 'AccessDeniedError',
    in: 'run-sync',
    breaks: ({ stack, connectionId }) => {
      const { faults } = stack.fivetran;
      faults.set({ kind: 'answer', status: 403, path: `/v1/connections/${connectionId}`, times: 1_000 });
      return Promise.resolve(() => faults.clear('answer'));
    },
  },
  {
    code: 'service-unavailable',
    says: 'UnavailableError',
    in: 'run-sync',
    breaks: ({ stack, connectionId }) => {
      const { faults } = stack.fivetran;
      faults.set({ kind: 'answer', status: 503, path: `/v1/connections/${connectionId}`, times: 1_000 });
      return Promise.resolve(() => faults.clear('answer'));
    },
  },
];

async function failSetupTest(
  { stack, fivetran, connectionId }: Parameters<Scenario['breaks']>[0],
  message: string,
): ReturnType<Scenario['breaks']> {
  const { faults } = stack.fivetran;
  faults.set({ kind: 'fail-setup-test', title: 'Connecting to Host', message });
  await fivetran('POST', `/v1/connections/${connectionId}/test`, {});
  return () => faults.clear('fail-setup-test');
}
