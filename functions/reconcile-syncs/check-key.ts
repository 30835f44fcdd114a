import { tellCondition, type TellCondition } from '../../shared/conditions/tell-condition.ts';
import { ConfigError } from '../../shared/errors.ts';

export interface CheckKeyDependencies extends TellCondition {
  fivetranKey: {
    secretId: string;
    /** @throws ConfigError saying what the secret lacks */
    read: () => Promise<unknown>;
  };
}

/**
 * Whether there is an API key to ask Fivetran with. After a first deployment a person has yet to fill its secret in:
 * that is told when it begins and when it is over, since failing every time would say no more. A key that Fivetran
 * refuses is none of that: it fails whoever uses it.
 */
export async function checkKey(
  dependencies: CheckKeyDependencies,
): Promise<{ isThere: boolean; changes: number }> {
  const { secretId } = dependencies.fivetranKey;
  const lack = await lackOf(dependencies.fivetranKey);
  const changes = await tellCondition(
    {
      subject: { type: 'secret', id: 'fivetran', name: secretId },
      kind: 'secret-unfilled',
      holds: lack !== undefined,
      summary: () =>
        lack === undefined
          ? `The secret ${secretId} is filled in.`
          : `${lack} Until then Fivetran is not asked for anything: no endpoint is let in, and no sync looked at.`,
    },
    dependencies,
  );
  return { isThere: lack === undefined, changes };
}

async function lackOf({ read }: CheckKeyDependencies['fivetranKey']): Promise<string | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
