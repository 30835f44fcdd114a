/** A failure that is known by name. It is looked for in all that Fivetran, PostgreSQL or the machine said, in lower case. */
export interface FailureRow {
  /** Stable name; also the anchor of its entry in docs/runbook.md. */
  code: string;
  /** Words by which it is recognised. */
  recognisedBy: readonly RegExp[];
  /**
   * Whether these words name the cause itself. `symptom`: they only say that something further up is broken, so
   * what is found broken on the path is named first.
   */
  names: 'cause' | 'symptom';
  /** For the headline, after "sync of … failed:". */
  headline: string;
  /** What it is about, for the headline: the first group, or the first two joined by a dot. */
  about?: RegExp;
  /** Where it is no sync that failed: the whole headline, after the connection's name. */
  statement?: string;
  meaning: string;
  /** An error of ours, whose own words say what is wrong with what: they follow the meaning. */
  quotes?: true;
  remedy: string;
}

/** A code of PostgreSQL that is all digits, where it stands as one: the same digits may be a count or a port. */
const sqlState = (code: string): RegExp =>
  new RegExp(String.raw`(sqlstate|error|fatal|code|[[(])\W{0,3}${code}\b`);

/** Recognised in two places of the order. */
const accessDenied = {
  code: 'access-denied',
  names: 'cause',
  headline: 'the automation lacks a permission',
  meaning: 'One of our own functions was refused by AWS, Fivetran, Databricks or Slack.',
  remedy:
    'The message names the permission or the secret; grant the one or renew the other, then start the machine again.',
} as const;

/**
 * Failures that are known by name, the most telling first: the first row that fits is taken, so our own errors come
 * before words that they may quote. What fits none is shown as it is.
 */
export const failureCatalogue: readonly FailureRow[] = [
  {
    code: 'increment-short',
    recognisedBy: [/incrementshorterror/],
    names: 'cause',
    headline: 'rows are missing at the destination',
    statement: 'rows are missing at the destination',
    meaning:
      'The sync ended as successful, yet rows that had changed at the source before it began are not at the destination, or differ there; looking at the source again showed that they did not change since.',
    remedy:
      'Run one more sync (run-sync with this connectionId): what was only late arrives. If it stays short, re-sync the tables that are named in Fivetran (connection, Schema, Resync) and open a ticket with Fivetran, with the sync and the tables.',
  },
  { ...accessDenied, recognisedBy: [/accessdeniederror/, /not authorized to perform/] },
  {
    code: 'configuration-wrong',
    recognisedBy: [/configerror/],
    names: 'cause',
    headline: 'a setting or a secret is missing or wrong',
    about: /(?:secrets?|settings are wrong:) ([\w/.-]+\w)/i,
    quotes: true,
    meaning: 'A setting or a secret of this deployment is missing or has the wrong form.',
    remedy: 'Put right what is named there, then start the machine again.',
  },
  {
    code: 'connection-paused',
    recognisedBy: [/connection .* is paused/],
    names: 'cause',
    headline: 'the connection is paused',
    meaning: 'Somebody paused the connection in Fivetran, and run-sync does not undo that by itself.',
    remedy: 'Unpause it in Fivetran, or start run-sync with "whenPaused": "unpause".',
  },
  {
    code: 'input-wrong',
    recognisedBy: [
      /invalidinputerror/,
      /notfounderror: (fivetran has no group|there is no endpoint service)/,
    ],
    names: 'cause',
    headline: 'the execution was started with an input that is not valid',
    quotes: true,
    meaning:
      'The input of the execution lacks a field, or has one of the wrong form or of something that does not exist. Nothing was done.',
    remedy:
      'Start the machine again with the input put right; state-machines/README.md lists the fields of each.',
  },
  {
    code: 'teleport-table-disabled',
    recognisedBy: [
      /teleport.*more than 50[,.]?000 (changed |modified )?(records|rows)/,
      /table.*(disabled|unsupported|excluded).*teleport|teleport.*table.*(disabled|unsupported)/,
    ],
    names: 'cause',
    headline: 'Teleport Sync switched a table off',
    about: /table "?([\w$]+)"?\."?([\w$]+)"?/i,
    meaning:
      'More than 50,000 rows of a table changed between two syncs. Fivetran flags such a table as unsupported and no longer copies it.',
    remedy:
      'In Fivetran open the connection, Schema, and switch the table on again; then re-sync it. Change the update method of this connection, since Teleport Sync does not fit a table that changes so much.',
  },
  {
    // https://fivetran.com/docs/connectors/databases/troubleshooting/teleport-sync-error
    code: 'teleport-limit',
    recognisedBy: [
      /teleport[ _]sync[ _]error/,
      /teleport.*(more than 15[,.]?000 (changed |modified )?(records|rows)|too many (changed|modified))/,
    ],
    names: 'cause',
    headline: 'Teleport Sync Error, too many rows changed',
    about: /table "?([\w$]+)"?\."?([\w$]+)"?/i,
    meaning:
      'More than 15,000 rows of a table changed between two syncs. Teleport Sync cannot tell the changes apart any more, so Fivetran ends the sync with "Teleport Sync Error" and copies the whole table again; from 50,000 on it may switch the table off.',
    remedy:
      'Nothing is lost: let the next sync run, it copies the table whole. Then keep it from happening again: sync more often than 15,000 rows change (Fivetran: connection, Setup, Sync frequency), split the bulk change into smaller ones, or change the update method to Query-Based or Logical Replication.',
  },
  {
    // https://fivetran.com/docs/databases/postgresql/troubleshooting/current-transaction-id-error
    code: 'transaction-id-backwards',
    recognisedBy: [/transaction id has moved backwards/, /transaction id.*(backwards|went back|lower than)/],
    names: 'cause',
    headline: 'the database went back in time',
    meaning:
      "The source's transaction id is lower than at the last sync: a replica was promoted, a backup was restored, or the host name leads to another server now. What was copied since cannot be trusted.",
    remedy:
      'Find out which server answers at the source and whether that is meant. If it is, start a historical re-sync of the connection in Fivetran (it deletes and reloads the rows); if not, point the target back at the right server first.',
  },
  {
    // https://fivetran.com/docs/connectors/databases/postgresql/troubleshooting/query-based-relfilenode-resync
    code: 'relfilenode-changed',
    recognisedBy: [/relfilenode/, /resync_table_warning/, /table.*(was )?rewritten/],
    names: 'cause',
    headline: 'a table was rewritten and is copied anew',
    about: /table "?([\w$]+)"?\."?([\w$]+)"?/i,
    meaning:
      'VACUUM FULL, CLUSTER or a rewriting ALTER TABLE gave a table a new file. Fivetran cannot tell its changed rows any more and copies the whole table again.',
    remedy:
      'Wait for the re-sync; it may take long and counts as usage. Agree with the owners of the database to announce such maintenance, or use Logical Replication, which does not mind.',
  },
  {
    code: 'authentication-failed',
    recognisedBy: [
      /password authentication failed/,
      /\b28p01\b/,
      /no password supplied/,
      /scram.*(fail|error)/,
      /role ".*" does not exist/,
      /role ".*" is not permitted to log in/,
    ],
    names: 'cause',
    headline: 'the database refuses the login',
    meaning:
      "PostgreSQL refused Fivetran's user or password: the password was changed, it expired, or the role is gone or may not log in.",
    remedy:
      "Compare the connection's user in Fivetran with the secret of Fivetran's role (source/<name>/fivetran, or source/<name> where there is no such secret). Set the password again on the database (ALTER ROLE … PASSWORD …), put the same into that secret, and start run-sync: it hands both to Fivetran and runs the setup tests.",
  },
  {
    code: 'hba-rejected',
    recognisedBy: [/no pg_hba\.conf entry/, /pg_hba\.conf rejects/],
    names: 'cause',
    headline: 'the database admits no login from the load balancer',
    meaning:
      "pg_hba.conf has no line that admits this user from this address with TLS. Behind PrivateLink the database sees the load balancer's addresses, not Fivetran's.",
    remedy:
      "Add a hostssl line for the user and the load balancer's subnets to pg_hba.conf, with scram-sha-256, then SELECT pg_reload_conf(). On RDS and Aurora there is no such file to edit: require TLS in the connection's setup (rds.force_ssl refuses the rest with these words), and compare its user and database with the server's.",
  },
  {
    code: 'tls-failed',
    recognisedBy: [
      /ssl (off|is not enabled|connection is required)/,
      /server does not support ssl/,
      /certificate (verify failed|has expired|is not trusted)/,
      /self[- ]signed certificate/,
      /(ssl|tls) (handshake|error|alert)/,
      /sslhandshakeexception/,
      /pkix path/,
      /err_tls|err_ssl/,
      /hostname\/ip does not match/,
    ],
    names: 'cause',
    headline: 'TLS to the database fails',
    meaning:
      'The encrypted connection could not be set up: TLS is off, the certificate expired, or nobody trusts who issued it.',
    remedy:
      "Check ssl = on and the certificate's dates on the database. After a change of certificate, put its CA into the source's secret (ca) and accept the new certificate in the connection's setup in Fivetran. Do not switch TLS off.",
  },
  {
    code: 'too-many-connections',
    recognisedBy: [
      /too many (connections|clients)/,
      sqlState('53300'),
      /remaining connection slots are reserved/,
    ],
    names: 'cause',
    headline: 'the database has no free connections',
    meaning: 'PostgreSQL refused a login because max_connections, or the limit of the role, is used up.',
    remedy:
      'See who holds them: SELECT usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2. End what hangs idle in transaction. Fivetran needs up to 3 connections: raise the limit of its role, or max_connections.',
  },
  {
    code: 'permission-denied',
    recognisedBy: [/permission denied for/, sqlState('42501'), /insufficient privilege/, /must be owner of/],
    names: 'cause',
    headline: 'the role may not read a table',
    about: /permission denied for (?:table|relation|schema|view) "?([\w$.]+)"?/i,
    meaning:
      "Fivetran's role has lost, or never had, the right to read something that the connection selects.",
    remedy:
      'As the owner: GRANT USAGE ON SCHEMA … TO the role; GRANT SELECT ON ALL TABLES IN SCHEMA … TO the role; and ALTER DEFAULT PRIVILEGES IN SCHEMA … GRANT SELECT ON TABLES TO the role, so that new tables follow.',
  },
  {
    code: 'table-missing',
    recognisedBy: [
      /relation ".*" does not exist/,
      /\b42p01\b/,
      /column ".*" does not exist/,
      sqlState('42703'),
      /schema ".*" does not exist/,
    ],
    names: 'cause',
    headline: 'a selected table or column is gone',
    about: /(?:relation|column|schema) "([\w$.]+)" does not exist/i,
    meaning: 'The connection selects a table or column that was dropped or renamed at the source.',
    remedy:
      'Reload the schema of the connection in Fivetran and select what is there now; re-sync a table that was renamed.',
  },
  {
    code: 'disk-full',
    recognisedBy: [
      /no space left on device/,
      /could not write init file/,
      sqlState('53100'),
      /disk full/,
      /could not extend file/,
    ],
    names: 'cause',
    headline: "the database's disk is full",
    meaning:
      'PostgreSQL cannot write any more. Everything that uses this database is affected, not only syncs.',
    remedy:
      'Free or add storage now. Then look for what grew: temporary files, a replication slot that nobody reads (SELECT * FROM pg_replication_slots), or logs.',
  },
  {
    code: 'standby-conflict',
    recognisedBy: [/conflict with recovery/, /canceling statement due to conflict/],
    names: 'cause',
    headline: 'the standby cancelled the read',
    meaning: 'The source is a standby, and replaying changes of its primary cancelled a long read.',
    remedy:
      'Raise max_standby_streaming_delay, switch hot_standby_feedback on, or let Fivetran read the primary.',
  },
  {
    code: 'statement-timeout',
    recognisedBy: [
      /canceling statement due to (statement timeout|user request)/,
      sqlState('57014'),
      /lock timeout/,
      /\b55p03\b/,
    ],
    names: 'cause',
    headline: 'the database cancelled a query that took too long',
    meaning:
      'A time limit of the database or of the role ended a query of the sync, or somebody did (pg_cancel_backend).',
    remedy:
      "Look for a lock or a long transaction (pg_stat_activity, pg_locks). For Fivetran's role statement_timeout should be 0: ALTER ROLE … SET statement_timeout = 0.",
  },
  {
    code: 'database-restarting',
    recognisedBy: [
      /the database system is (starting up|shutting down|in recovery mode)/,
      /\b57p0[123]\b/,
      /terminating connection due to administrator command/,
    ],
    names: 'cause',
    headline: 'the database restarted',
    meaning: 'PostgreSQL was starting or stopping: maintenance, a fail-over or a crash.',
    remedy:
      'Wait for it to be up; the next sync recovers by itself. After a fail-over check that the targets follow the new address.',
  },
  // AWS's own word for it, before words: such messages name Databricks and Fivetran too.
  { ...accessDenied, recognisedBy: [/accessdenied(exception)?\b/] },
  {
    code: 'destination-failed',
    recognisedBy: [
      /reconnect_warehouse/,
      /warehouse.*(stopped|unavailable|not (running|found)|does not exist)/,
      /databricks/,
      /destination.*(error|fail|unavailable)/,
    ],
    names: 'cause',
    headline: 'Databricks cannot be used',
    meaning:
      'Fivetran could not write to Databricks, or the verification could not read there: the warehouse, its token or a permission.',
    remedy:
      'In Databricks check that the SQL warehouse starts and that the token has not expired; in Fivetran run the tests of the destination. The source is not the problem.',
  },
  {
    code: 'path-blocked',
    recognisedBy: [/pathblockederror/],
    names: 'symptom',
    headline: 'the path to the database is not fit, so no sync was started',
    meaning: 'A check of the source or of the load balancer found something that would make the sync fail.',
    remedy: 'Mend what the evidence names, then start run-sync again.',
  },
  {
    code: 'setup-tests-failed',
    recognisedBy: [/setuptestsfailederror/],
    names: 'symptom',
    headline: "Fivetran's setup tests fail",
    meaning: 'Fivetran tested the connection before the sync, and a test failed; no sync was started.',
    remedy: 'The failing test is named below. Mend that, then start run-sync again: it repeats the tests.',
  },
  {
    code: 'connection-gone',
    recognisedBy: [/fivetran has no connection/],
    names: 'cause',
    headline: 'Fivetran has no such connection',
    meaning:
      'No connection with this id is in the Fivetran account whose key this deployment has: it was deleted, or the id is of another account or mistyped.',
    remedy:
      "Compare the id with the one on the connection's Setup tab in Fivetran, and start run-sync with that. If somebody deleted the connection, take its schedule away, or start connect-source for its source, which makes a new one.",
  },
  {
    code: 'setup-broken',
    recognisedBy: [
      /setup (test|tests) failed/,
      /setup_state.*broken/,
      /connection.*broken/,
      /\bbroken\b.*connection/,
      /reconnect/,
    ],
    names: 'symptom',
    headline: "the connection's set-up is broken",
    meaning: 'Fivetran does not start syncs of this connection until its setup tests pass again.',
    remedy:
      'Run the setup tests in Fivetran (connection, Setup): the failing one names what to mend. A sync starts by itself afterwards, or with run-sync.',
  },
  {
    code: 'rescheduled',
    recognisedBy: [/rescheduled/],
    names: 'symptom',
    headline: 'Fivetran put the sync off',
    meaning: 'Fivetran gave up for now and will try again by itself at the time that it names.',
    remedy:
      'Wait for that time; act only if it is put off again and again. Where the schedule is manual, start run-sync at that time.',
  },
  {
    code: 'sync-timeout',
    recognisedBy: [/synctimedouterror/, /sync.*(deadline|did not end|has not ended)/],
    names: 'symptom',
    headline: 'the sync did not end in time',
    meaning: 'The sync still runs after the longest time that it was given.',
    remedy:
      'Look in Fivetran at what it is busy with. A historical re-sync of a large table is slow and harmless; otherwise look for locks at the source.',
  },
  {
    code: 'connection-lost',
    recognisedBy: [
      /connection (refused|reset|timed out|closed|terminated)/,
      /(connect|read|socket).{0,20}time(d)? ?out/,
      /econn|etimedout|ehostunreach|enetunreach|enotfound/,
      /could not (connect|translate host)/,
      /i\/o error/,
      /broken pipe/,
      /unknownhostexception/,
      /eof(exception| reached)/,
      /no route to host/,
    ],
    names: 'symptom',
    headline: 'the database cannot be reached',
    meaning: 'Between Fivetran and PostgreSQL a connection could not be made, or was cut.',
    remedy:
      'Follow the path from the source on: is PostgreSQL up, are the targets healthy, is the endpoint connection available, is the private link OK? What is listed as evidence was checked already.',
  },
  {
    code: 'service-unavailable',
    recognisedBy: [
      /unavailableerror/,
      /(http|http\/[\d.]+|status|code|answered)\W{1,3}50[0234]\b/,
      /throttl|rate limit/,
    ],
    names: 'symptom',
    headline: 'a service that is needed does not answer',
    meaning: 'Fivetran, Databricks or AWS did not answer, or limited us, through all retries.',
    remedy:
      "Look at that service's status page. Nothing needs to be mended here; start the machine again, or wait for the next sync.",
  },
  {
    code: 'step-timed-out',
    recognisedBy: [/states\.timeout/, /task timed out/, /sandbox\.timedout/],
    names: 'symptom',
    headline: 'a step of the automation took too long',
    meaning: 'A function did not answer within the time that its state gives it.',
    remedy: "Open the execution and the function's log: the last line says what it waited for.",
  },
];
