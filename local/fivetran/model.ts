import type { Json } from '../json.ts';

/** Texts as Fivetran's API has them. */
export const services = ['postgres', 'postgres_rds', 'aurora_postgres'] as const;
export const networkingMethods = ['Directly', 'PrivateLink', 'SshTunnel', 'ProxyAgent'] as const;
export const syncModes = ['SOFT_DELETE', 'HISTORY', 'LIVE'] as const;

export interface Alert {
  code: string;
  message: string;
  details?: string;
}

export interface SetupTest {
  title: string;
  status: 'PASSED' | 'SKIPPED' | 'WARNING' | 'FAILED' | 'JOB_FAILED';
  message: string;
  details?: Json;
}

export interface Group {
  id: string;
  name: string;
  createdAt: Date;
}

export interface Destination {
  id: string;
  service: string;
  region: string;
  timeZoneOffset: string;
  daylightSavingTimeEnabled: boolean;
  setupStatus: 'INCOMPLETE' | 'CONNECTED' | 'BROKEN';
  config: Record<string, Json>;
}

export interface PrivateLink {
  id: string;
  name: string;
  region: string;
  service: string;
  config: Record<string, Json>;
  state: 'CREATING' | 'UPDATING' | 'DESTROYING' | 'OK' | 'FAIL';
  stateSummary: string;
  /** The interface endpoint in Fivetran's own AWS account; the API never shows it. */
  endpointId?: string;
  host?: string;
  upstreamStatus?: string;
  createdAt: Date;
}

export interface Webhook {
  id: string;
  type: 'account' | 'group';
  groupId?: string;
  url: string;
  events: string[];
  active: boolean;
  secret?: string;
  createdAt: Date;
  /** When the first of the deliveries failed that have been failing ever since. */
  failingSince?: Date;
}

/** Which rows and columns of one source table are copied, and how. */
export interface TableConfig {
  nameInDestination: string;
  enabled: boolean;
  syncMode: (typeof syncModes)[number];
  /** Columns that a user has ever changed; all others are copied as they are. */
  columns: Map<string, { enabled: boolean; hashed: boolean }>;
  /** Why the table cannot be selected, if it cannot. */
  excluded?: { code: 'SYSTEM_TABLE' | 'DELETED' | 'OTHER'; reason: string };
  /** The next sync reads the table whole, without limits. */
  resync: boolean;
}

export interface SchemaConfig {
  nameInDestination: string;
  enabled: boolean;
  tables: Map<string, TableConfig>;
}

export interface Certificate {
  hash: string;
  name: string;
  type: string;
  sha1: string;
  sha256: string;
  publicKey: string;
  pem: string;
  validatedAt: Date;
}

/** How a sync ended, in the words of webhooks and logs. */
export type SyncStatus = 'SUCCESSFUL' | 'FAILURE' | 'FAILURE_WITH_TASK' | 'RESCHEDULED' | 'CANCELED';

export interface SyncRecord {
  id: string;
  startedAt: Date;
  endedAt?: Date;
  status?: SyncStatus;
  reason?: string;
  taskType?: string;
  rows: number;
}

export interface Connection {
  id: string;
  service: string;
  /** The connection's `schema`, for PostgreSQL its schema prefix. */
  name: string;
  groupId: string;
  createdAt: Date;
  paused: boolean;
  pauseAfterTrial: boolean;
  /** Minutes. */
  syncFrequency: number;
  dailySyncTime?: string;
  scheduleType: 'auto' | 'manual';
  dataDelaySensitivity: string;
  dataDelayThreshold: number;
  networkingMethod: string;
  privateLinkId?: string;
  destinationSchemaNames: 'FIVETRAN_NAMING' | 'SOURCE_NAMING';
  config: Record<string, Json>;
  setupState: 'incomplete' | 'connected' | 'broken';
  setupTests: SetupTest[];
  isHistoricalSync: boolean;
  succeededAt?: Date;
  failedAt?: Date;
  rescheduledFor?: Date;
  /** When Fivetran's own schedule starts the next sync. */
  dueAt: Date;
  tasks: Alert[];
  warnings: Alert[];
  certificates: Map<string, Certificate>;
  schemaChangeHandling: 'ALLOW_ALL' | 'ALLOW_COLUMNS' | 'BLOCK_ALL';
  /** Settings given before the source was read the first time. */
  plannedSchemas?: Json;
  /** Empty until the source has been read. */
  schemas: Map<string, SchemaConfig>;
  syncs: SyncRecord[];
  running?: { record: SyncRecord; cancel: AbortController; ended: Promise<void> };
}

/** Everything that one Fivetran account knows. */
export interface Account {
  /** Milliseconds that one of Fivetran's minutes takes. */
  minuteMs: number;
  groups: Map<string, Group>;
  destinations: Map<string, Destination>;
  privateLinks: Map<string, PrivateLink>;
  connections: Map<string, Connection>;
  webhooks: Map<string, Webhook>;
}

/** A connection's config value that is a text, or the empty text. */
export function configText(config: Record<string, Json>, name: string): string {
  const value = config[name];
  return typeof value === 'string' ? value : '';
}

/** Instants as Fivetran writes them, with microseconds. */
export const instant = (date: Date): string => date.toISOString().replace('Z', '000Z');
