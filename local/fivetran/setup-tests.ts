import { createHash, type X509Certificate } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { Faults } from './faults.ts';
import { configText, type Certificate, type Connection, type SetupTest } from './model.ts';
import { locate, messageOf, openSource, trustedBy, type SourceSettings } from './source/source.ts';
import { readTables } from './source/tables.ts';
import { isSelected } from './sync/schema.ts';
import { negotiateTls, openSocket } from './source/tls-handshake.ts';

const titles = [
  'Connecting to Host',
  'Validating Certificate',
  'Connecting to Database',
  'Checking Permissions',
  'Checking Update Method',
] as const;
type Title = (typeof titles)[number];
/** What a step has found: nothing amiss, or the message of its failure. */
type Finding = { message?: string; failed?: undefined } | { failed: string; details?: SetupTest['details'] };

const connectTimeoutMs = 10_000;

/**
 * Runs a connection's setup tests against its real source, one after the other until one fails, and keeps the
 * results and the setup state that follows from them.
 */
export async function runSetupTests(
  connection: Connection,
  options: { trustCertificates: boolean },
  settings: SourceSettings & { clock: Clock; faults: Faults },
): Promise<void> {
  const steps: Record<Title, () => Promise<Finding>> = {
    'Connecting to Host': () => connectToHost(connection, settings),
    'Validating Certificate': () => validateCertificate(connection, options, settings),
    'Connecting to Database': () => logIn(connection, settings),
    'Checking Permissions': () => checkPermissions(connection, settings),
    'Checking Update Method': () => checkUpdateMethod(connection, settings),
  };
  const results: SetupTest[] = [];
  let stop = false;
  for (const title of titles) {
    if (stop) {
      results.push({ title, status: 'SKIPPED', message: '' });
      continue;
    }
    const forced = settings.faults.take('fail-setup-test', (fault) => fault.title === title);
    const finding: Finding =
      forced === undefined
        ? await steps[title]().catch((error: unknown) => ({ failed: messageOf(error) }))
        : { failed: forced.message };
    if (finding.failed === undefined) {
      results.push({ title, status: 'PASSED', message: finding.message ?? '' });
      continue;
    }
    stop = true;
    results.push({
      title,
      status: 'FAILED',
      message: finding.failed,
      ...(finding.details === undefined ? {} : { details: finding.details }),
    });
  }
  connection.setupTests = results;
  if (!stop) {
    connection.setupState = 'connected';
    connection.tasks = connection.tasks.filter(({ code }) => code !== 'reconnect');
  } else if (connection.setupState === 'connected') {
    connection.setupState = 'broken';
  }
}

async function connectToHost(connection: Connection, settings: SourceSettings): Promise<Finding> {
  const address = locate(connection, settings);
  if ('problem' in address) return { failed: address.problem };
  const socket = await openSocket(address, connectTimeoutMs);
  socket.destroy();
  return {};
}

async function validateCertificate(
  connection: Connection,
  { trustCertificates }: { trustCertificates: boolean },
  settings: SourceSettings & { clock: Clock },
): Promise<Finding> {
  const address = locate(connection, settings);
  if ('problem' in address) return { failed: address.problem };
  const socket = await openSocket(address, connectTimeoutMs);
  try {
    const handshake = await negotiateTls(socket, trustedBy(connection, settings));
    if (handshake.outcome === 'secure') return { message: handshake.protocol };
    if (handshake.outcome === 'refused') {
      return { failed: 'The server does not support TLS, which this connection requires.' };
    }
    const { certificate, reason } = handshake;
    if (certificate === undefined) return { failed: `The certificate could not be read: ${reason}` };
    const entry = describeCertificate(certificate, settings.clock.now());
    if (!trustCertificates) {
      return {
        failed: `The certificate is not trusted: ${reason}`,
        details: [
          {
            hash: entry.hash,
            name: entry.name,
            type: entry.type,
            sha1: entry.sha1,
            sha256: entry.sha256,
            public_key: entry.publicKey,
            encoded_cert: certificate.raw.toString('base64'),
          },
        ],
      };
    }
    connection.certificates.set(entry.hash, entry);
    return { message: 'The certificate has been approved.' };
  } finally {
    socket.destroy();
  }
}

/** A certificate as the certificates API shows it. */
export function describeCertificate(certificate: X509Certificate, validatedAt: Date): Certificate {
  return {
    hash: createHash('sha256').update(certificate.raw).digest('base64url'),
    name: certificate.subject,
    type: 'X.509',
    sha1: certificate.fingerprint,
    sha256: certificate.fingerprint256,
    publicKey: certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    pem: certificate.toString(),
    validatedAt,
  };
}

async function logIn(connection: Connection, settings: SourceSettings): Promise<Finding> {
  const client = await openSource(connection, settings);
  await client.end();
  return {};
}

async function checkPermissions(connection: Connection, settings: SourceSettings): Promise<Finding> {
  const client = await openSource(connection, settings);
  try {
    const tables = await readTables(client);
    const user = configText(connection.config, 'user');
    const refused = tables.filter(
      ({ schema, name, readable }) => !readable && isSelected(connection, schema, name),
    );
    if (refused.length > 0) {
      const names = refused.map(({ schema, name }) => `${schema}.${name}`).join(', ');
      return { failed: `The user ${user} may not read ${names}. Grant SELECT on them.` };
    }
    const readable = tables.filter((table) => table.readable).length;
    return readable > 0
      ? { message: `${readable} tables can be read.` }
      : {
          failed: `The user ${user} may read no table. Grant USAGE on the schema and SELECT on its tables.`,
        };
  } finally {
    await client.end();
  }
}

async function checkUpdateMethod(connection: Connection, settings: SourceSettings): Promise<Finding> {
  if (configText(connection.config, 'update_method') !== 'WAL_PGOUTPUT') return {};
  const client = await openSource(connection, settings);
  try {
    const { rows } = await client.query<{ wal_level: string }>('SHOW wal_level');
    if (rows[0]?.wal_level !== 'logical') {
      return {
        failed: `wal_level is ${rows[0]?.wal_level ?? 'unknown'}; logical replication needs logical.`,
      };
    }
    const slot = configText(connection.config, 'replication_slot');
    const found = await client.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [slot]);
    return found.rows.length > 0 ? {} : { failed: `The replication slot "${slot}" does not exist.` };
  } finally {
    await client.end();
  }
}
