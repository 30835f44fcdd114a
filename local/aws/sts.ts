import { readInput } from './input.ts';
import { AwsError, type Service } from './service.ts';

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
        GetAccessKeyInfo: ({ input, caller }) => {
          const id = readInput(input, {
            missing: (name) =>
              new AwsError(
                'ValidationError',
                `Value at '${name}' failed to satisfy constraint: Member must not be null`,
              ),
            invalid: (name) => new AwsError('ValidationError', `Value at '${name}' is malformed`),
          }).string('AccessKeyId');
          return { Account: /^\d{12}$/.test(id) ? id : caller.accountId };
        },
      },
    },
  };
}
