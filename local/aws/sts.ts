import type { Service } from './service.ts';

/** STS as far as an operator asks it who they are. */
export function createSts(): { service: Service } {
  return {
    service: {
      scope: 'sts',
      protocols: [{ kind: 'query', version: '2011-06-15' }],
      operations: {
        GetCallerIdentity: ({ caller }) => ({
          Arn: caller.arn,
          UserId: caller.accountId,
          Account: caller.accountId,
        }),
      },
    },
  };
}
