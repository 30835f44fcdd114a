import type { Finding } from '../contracts/finding.ts';
import type { ServerFacts } from '../contracts/server-facts.ts';

/** Known limits of the update method in use that lie in the server. */
export function methodLimitFindings(
  updateMethod: string,
  { versionNumber, walLevel, flavour }: Pick<ServerFacts, 'versionNumber' | 'walLevel' | 'flavour'>,
): Finding[] {
  const check = 'source.update-method';
  const major = Math.floor(versionNumber / 10_000);
  switch (updateMethod) {
    case 'QUERY_BASED':
    case 'XMIN':
      // https://fivetran.com/docs/databases/postgresql/changelog, December 2025
      return major === 16 || major === 17
        ? [
            {
              check,
              status: 'warning',
              summary: `On PostgreSQL ${String(major)} frozen pages can hide updates from Fivetran's xmin reading; it switched its xmin extension off there.`,
              remedy: 'Verify this connection often (VERIFICATION=always), or use logical replication.',
            },
          ]
        : [{ check, status: 'ok', summary: `${updateMethod} is sound on PostgreSQL ${String(major)}.` }];
    case 'WAL_PGOUTPUT':
      return walLevel === 'logical'
        ? [{ check, status: 'ok', summary: 'wal_level is logical, as WAL_PGOUTPUT needs it.' }]
        : [
            {
              check,
              status: 'blocking',
              summary: `wal_level is ${walLevel}; WAL_PGOUTPUT needs logical.`,
              remedy:
                flavour === 'self-managed'
                  ? "ALTER SYSTEM SET wal_level = 'logical'; and restart PostgreSQL."
                  : 'Set rds.logical_replication = 1 in the parameter group and reboot.',
            },
          ];
    case 'TELEPORT':
      return [
        {
          check,
          status: 'ok',
          summary:
            'Teleport Sync goes on for this connection; Fivetran offers Query-Based instead for new ones.',
        },
      ];
    default:
      return [
        {
          check,
          status: 'skipped',
          summary: `The limits of the update method ${updateMethod} are not known.`,
        },
      ];
  }
}
