import type { Clock, TimeLeft } from '../../clock.ts';
import { FivetranSecret } from '../../contracts/fivetran-secret.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { connectionsOf, type Connections } from './connections.ts';
import { destinationsOf, type Destinations } from './destinations.ts';
import { groupsOf, type Groups } from './groups.ts';
import { createFivetranHttp, type HttpSettings } from './http.ts';
import { privateLinksOf, type PrivateLinks } from './private-links.ts';
import { schemasOf, type Schemas } from './schemas.ts';
import { syncHistoryOf, type SyncHistory } from './sync-history.ts';
import { webhooksOf, type Webhooks } from './webhooks.ts';

/** Fivetran's REST API, one property per resource: https://fivetran.com/docs/rest-api */
export interface Fivetran {
  privateLinks: PrivateLinks;
  connections: Connections;
  schemas: Schemas;
  syncHistory: SyncHistory;
  destinations: Destinations;
  groups: Groups;
  webhooks: Webhooks;
}

/** The client of a function: its API key is read from Secrets Manager when it is first needed. */
export function createFivetran(
  { fivetranBaseUrl, fivetranSecretId }: { fivetranBaseUrl: string; fivetranSecretId: string },
  { secrets, clock, timeLeftMs }: { secrets: Secrets; clock: Clock; timeLeftMs: TimeLeft },
): Fivetran {
  return fivetranWith({
    baseUrl: fivetranBaseUrl,
    credentials: (options) => secrets.read(fivetranSecretId, FivetranSecret, options),
    clock,
    timeLeftMs,
  });
}

/** The client for an API key that the caller already has. */
export function fivetranWith(settings: HttpSettings): Fivetran {
  const http = createFivetranHttp(settings);
  return {
    privateLinks: privateLinksOf(http),
    connections: connectionsOf(http),
    schemas: schemasOf(http),
    syncHistory: syncHistoryOf(http),
    destinations: destinationsOf(http),
    groups: groupsOf(http),
    webhooks: webhooksOf(http),
  };
}
