import { describe, expect, test } from 'vitest';
import type { EndpointService } from '../../shared/contracts/endpoint.ts';
import type { PrivateLink } from '../../shared/contracts/fivetran.ts';
import type { ConnectSourceRequest } from '../../shared/contracts/setup.ts';
import { createFivetranDouble } from '../../tests/support/fivetran-double.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import { ensurePrivateLink } from './ensure-private-link.ts';

const serviceName = 'com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0';
const service: EndpointService = {
  serviceId: 'vpce-svc-0123456789abcdef0',
  serviceName,
  region: 'eu-west-1',
  state: 'available',
  acceptanceRequired: true,
  loadBalancerArns: [],
  tags: { 'fivetran-privatelink': 'auto-accept', 'fivetran-privatelink-source': 'postgres' },
};
const link: PrivateLink = {
  id: 'pl_1',
  name: 'pl_postgres',
  region: 'AWS_EU_WEST_1',
  service: 'SOURCE_AWS',
  state: 'OK',
  stateSummary: '',
  host: 'vpce-1.example.com',
  createdAt: '2026-11-01T00:00:00Z',
  serviceName,
};
const request: ConnectSourceRequest = {
  source: 'postgres',
  groupId: 'projected_sickle',
  schemaPrefix: 'dvdrental',
  service: 'postgres',
  updateMethod: 'TELEPORT',
  destinationSchemaNames: 'FIVETRAN_NAMING',
};

function world(services: EndpointService[] = [service], links: PrivateLink[] = []) {
  const fivetran = createFivetranDouble(createManualClock());
  fivetran.links.push(...links);
  return {
    fivetran,
    ensure: (
      change: { mode?: 'plan' | 'ensure'; attempt?: number; request?: Partial<ConnectSourceRequest> } = {},
    ) =>
      ensurePrivateLink(
        {
          mode: change.mode ?? 'ensure',
          attempt: change.attempt ?? 0,
          request: { ...request, ...change.request },
        },
        {
          fivetran,
          stackName: 'fivetran-privatelink-dev',
          privateLink: {
            service: (id) => Promise.resolve(services.find(({ serviceId }) => serviceId === id)),
            managedServices: () => Promise.resolve(services),
          },
          log: silentLog,
        },
      ),
  };
}

describe('the private link of a source', () => {
  test('is asked for in the Region of the service, under a name that Fivetran takes', async () => {
    const { ensure, fivetran } = world();
    expect(await ensure()).toMatchObject({ outcome: 'pending', state: 'CREATING', attempt: 1 });
    expect(fivetran.sent).toEqual([{ name: 'pl_postgres', region: 'AWS_EU_WEST_1', serviceName }]);
  });

  test('is found by the name of the service and not created twice', async () => {
    const { ensure, fivetran } = world([service], [link]);
    expect(await ensure()).toMatchObject({
      outcome: 'ready',
      privateLinkId: 'pl_1',
      host: 'vpce-1.example.com',
    });
    expect(fivetran.sent).toEqual([]);
  });

  test('is made anew when the old one is being destroyed, under another name', async () => {
    const { ensure, fivetran } = world([service], [{ ...link, state: 'DESTROYING' }]);
    expect(await ensure()).toMatchObject({ outcome: 'pending' });
    expect(fivetran.sent).toMatchObject([{ name: 'pl_postgres_2' }]);
  });

  test('is never one of another kind to the same service', async () => {
    const { ensure, fivetran } = world([service], [{ ...link, service: 'DATABRICKS_AWS' }]);
    await ensure();
    expect(fivetran.sent).toHaveLength(1);
  });

  test('that failed is an end with what to do', async () => {
    const { ensure } = world([service], [{ ...link, state: 'FAIL', stateSummary: 'rejected' }]);
    expect(await ensure()).toMatchObject({
      outcome: 'failed',
      summary:
        "Fivetran's private link pl_postgres is FAIL: rejected. Delete it in Fivetran and start connect-source again.",
    });
  });

  test('is waited for with growing pauses, and not for ever', async () => {
    const { ensure } = world([service], [{ ...link, state: 'CREATING' }]);
    const waits = await Promise.all(
      [0, 5, 50].map(async (attempt) => (await ensure({ attempt })).waitSeconds),
    );
    expect(waits).toEqual([2, 5, 300]);
    expect(await ensure({ attempt: 2000 })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('still after 72 hours') as unknown,
    });
  });

  test('is only planned until all that the input names exists', async () => {
    const { ensure, fivetran } = world();
    expect(await ensure({ mode: 'plan' })).toMatchObject({
      outcome: 'planned',
      serviceId: service.serviceId,
    });
    expect(fivetran.sent).toEqual([]);
  });

  const other = { ...service, serviceId: 'vpce-svc-0123456789abcdef1' };
  test.each<[string, EndpointService[], Partial<ConnectSourceRequest>, RegExp]>([
    ['no service carries the tags', [], {}, /tag the service of this source, or correct source/],
    ['several services carry the tags', [service, other], {}, /give serviceId/],
    ['the service is not there', [service], { serviceId: 'vpce-svc-0fffffffffffffff0' }, /correct serviceId/],
    [
      'the service is another source’s',
      [service],
      { serviceId: service.serviceId, source: 'orders' },
      /does not carry the tags .*orders: add them/,
    ],
  ])('fails when %s, naming what to change', async (_why, services, change, sentence) => {
    await expect(world(services).ensure({ mode: 'plan', request: change })).rejects.toThrow(sentence);
  });

  test('fails when the destination is not connected or not there, naming what to change', async () => {
    const { ensure, fivetran } = world();
    fivetran.destination!.setupStatus = 'BROKEN';
    await expect(ensure({ mode: 'plan' })).rejects.toThrow(
      /\(Warehouse, databricks\) is BROKEN: finish its set-up/,
    );
    fivetran.destination = undefined;
    await expect(ensure({ mode: 'plan' })).rejects.toThrow(
      /\(Warehouse\) has no destination: .* correct groupId/,
    );
  });

  test.each([
    ['nowhere', /no group nowhere: groupId must be the id .* projected_sickle \(Warehouse\)/],
    ['warehouse', /groupId must be a group's id and not its name; that of Warehouse is projected_sickle/],
  ])('fails for the group %s with the groups that there are', async (groupId, sentence) => {
    const { ensure } = world();
    await expect(ensure({ mode: 'plan', request: { groupId } })).rejects.toThrow(sentence);
  });

  test('knows the group by the name that people call it', async () => {
    expect(await world().ensure({ mode: 'plan' })).toMatchObject({
      outcome: 'planned',
      groupName: 'Warehouse',
    });
  });
});
