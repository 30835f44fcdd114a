import * as z from 'zod/mini';
import { ConfigError } from '../../errors.ts';
import type { Secrets } from './secrets.ts';

/** A database role as Secrets Manager keeps and RDS rotates it. */
const RoleSecret = z.object({
  username: z.string().check(z.minLength(1)),
  password: z.string().check(z.minLength(1)),
  port: z.optional(z.coerce.number()),
  dbname: z.optional(z.string()),
});

export interface FivetranRole {
  user: string;
  password: string;
  port: number | undefined;
  database: string | undefined;
  /** Changes with every rotation, and when another secret takes over. */
  versionId: string;
}

/**
 * The role that Fivetran logs in with: `<prefix><source>/fivetran` where that secret exists, otherwise the role of
 * our own checks. Read anew each time, because a rotation is what it is read for.
 *
 * @throws ConfigError naming both secrets when neither exists
 */
export async function readFivetranRole(
  secrets: Secrets,
  sourceSecretPrefix: string,
  source: string,
): Promise<FivetranRole> {
  const [own, shared] = secretsOf(sourceSecretPrefix, source);
  const found =
    (await secrets.readVersion(own, RoleSecret)) ?? (await secrets.readVersion(shared, RoleSecret));
  if (found === undefined) {
    throw new ConfigError(
      `Neither of the secrets ${own} and ${shared} exists: put the database role for Fivetran into the first one.`,
    );
  }
  const { username, password, port, dbname } = found.value;
  return { user: username, password, port, database: dbname, versionId: found.versionId };
}

/**
 * Version of the role that Fivetran logs in with, without reading any value; undefined when there is no secret.
 */
export async function fivetranRoleVersion(
  secrets: Secrets,
  sourceSecretPrefix: string,
  source: string,
): Promise<string | undefined> {
  const [own, shared] = secretsOf(sourceSecretPrefix, source);
  return (await secrets.currentVersion(own)) ?? (await secrets.currentVersion(shared));
}

function secretsOf(sourceSecretPrefix: string, source: string): [own: string, shared: string] {
  return [`${sourceSecretPrefix}${source}/fivetran`, `${sourceSecretPrefix}${source}`];
}
