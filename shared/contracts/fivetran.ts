/** A task or warning of a connection: the machine-readable reason why it does not work. */
export interface Alert {
  code: string;
  message: string;
  /** What exactly: the table, the database's words. Absent where Fivetran does not say. */
  details?: string | undefined;
}

export interface SetupTest {
  title: string;
  /** `PASSED`, `SKIPPED`, `WARNING`, `FAILED` or `JOB_FAILED`. */
  status: string;
  message: string;
}

/**
 * A Fivetran connection. Words of Fivetran that are new to us are kept as they are; timestamps are Fivetran's own
 * text and are compared only with each other.
 */
export interface Connection {
  id: string;
  /** `postgres`, `postgres_rds`, `aurora_postgres`, … */
  service: string;
  /** Fivetran's `schema`: the name that people know. */
  name: string;
  groupId: string;
  paused: boolean;
  /** Minutes between two syncs. */
  syncFrequency: number;
  /** `auto` or `manual`. */
  scheduleType: string;
  createdAt: string;
  succeededAt: string | null;
  failedAt: string | null;
  networkingMethod: string;
  privateLinkId: string | null;
  /** `config.update_method`; empty when Fivetran does not say. */
  updateMethod: string;
  host: string;
  port: number | null;
  database: string;
  user: string;
  /** `incomplete`, `connected` or `broken`. */
  setupState: string;
  /** `scheduled`, `syncing`, `paused` or `rescheduled`. */
  syncState: string;
  /** `on_schedule` or `delayed`. */
  updateState: string;
  isHistoricalSync: boolean;
  rescheduledFor: string | null;
  tasks: Alert[];
  warnings: Alert[];
  /** Only after setup tests ran in the same request. */
  setupTests: SetupTest[];
}

/** Fivetran's answer with Fivetran's time: its timestamps are never compared with our clock. */
export type ConnectionNow = Connection & { serverTime: Date };

/** Fivetran's record of a PrivateLink connection. Words of Fivetran that are new to us are kept as they are. */
export interface PrivateLink {
  id: string;
  name: string;
  /** For instance `AWS_US_EAST_1`. */
  region: string;
  /** `SOURCE_AWS` for a database; other words are other kinds of link. */
  service: string;
  /** `CREATING`, `UPDATING`, `DESTROYING`, `OK` or `FAIL`. */
  state: string;
  stateSummary: string;
  /** DNS name of the endpoint, once there is one. */
  host?: string;
  createdAt: string;
  /** Our endpoint service, for instance `com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0`. */
  serviceName?: string;
}

/** Fivetran's group of connections, with one destination. */
export interface Group {
  id: string;
  /** What people call it. */
  name: string;
}

/** One sync in Fivetran's history, as far as that tells. */
export interface PastSync {
  /** Empty when it is not told. */
  syncId: string;
  startedAt: string | null;
  endedAt: string | null;
  /** Fivetran's word. */
  status: string;
  reason: string;
  /** What Fivetran counted, rows or volumes, by Fivetran's names. */
  figures: Record<string, number>;
}

/** Where a group's connections write to; has the id of its group. */
export interface Destination {
  id: string;
  /** `databricks`, … */
  service: string;
  /** `CONNECTED`, `INCOMPLETE` or `BROKEN`, in whatever case Fivetran sends. */
  setupStatus: string;
  /** Databricks: the Unity Catalog; empty when Fivetran does not say. */
  catalog: string;
}

/** A registered webhook; Fivetran never shows its secret. */
export interface Webhook {
  id: string;
  /** `account` or `group`. */
  type: string;
  url: string;
  events: string[];
  /** Fivetran switches a webhook off whose receiver has been failing for a day. */
  active: boolean;
}
