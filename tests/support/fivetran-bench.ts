import {
  AcceptVpcEndpointConnectionsCommand,
  CreateVpcEndpointServiceConfigurationCommand,
  EC2Client,
  ModifyVpcEndpointServicePermissionsCommand,
} from '@aws-sdk/client-ec2';
import { expect, vi } from 'vitest';
import { createEc2 } from '../../local/aws/ec2/ec2.ts';
import { startAwsEndpoint } from '../../local/aws/endpoint.ts';
import { startWarehouse, withConnection, type Warehouse } from '../../local/databricks/warehouse.ts';
import { startFivetran, type FivetranOptions, type LocalFivetran } from '../../local/fivetran/fivetran.ts';
import { isJsonObject, parseJson, type JsonObject } from '../../local/json.ts';
import type { LocalPostgres } from '../../local/postgres/postgres.ts';
import { localAwsClient } from './aws-client.ts';

const accountId = '111122223333';
const region = 'us-east-1';

/** An answer of Fivetran's API. `data` is empty when there was none. */
interface FivetranReply {
  status: number;
  headers: Headers;
  code: unknown;
  message: unknown;
  data: JsonObject;
}

/** The local Fivetran with the AWS side that it needs, and shortcuts to its API. */
export interface FivetranBench {
  fivetran: LocalFivetran;
  warehouse: Warehouse;
  /** An endpoint service that allows Fivetran and wants to accept. */
  serviceName: string;
  call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<FivetranReply>;
  /** Accepts every endpoint that waits for it. */
  accept: () => Promise<void>;
  /** A private link that is OK: its id and host. */
  linkUp: (name?: string) => Promise<{ id: string; host: string }>;
  /** The body that creates a connection to the bench's database through a link. */
  connectionBody: (link: { id: string; host: string }, config?: JsonObject) => JsonObject;
  /** Creates a connection through a new link and answers its id; its tests have passed. */
  connect: (schemaPrefix: string, more?: JsonObject, config?: JsonObject) => Promise<string>;
  /** Triggers a sync and waits for its end. */
  sync: (connectionId: string) => Promise<JsonObject>;
  /** Waits until no sync of the connection runs, and answers the connection. */
  settled: (connectionId: string) => Promise<JsonObject>;
  /** The rows of a query at the destination. */
  rows: (sql: string) => Promise<unknown[][]>;
  stop: () => Promise<void>;
}

/** A value that is expected to be a text, such as an id; anything else becomes the empty text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Starts the bench; without a database its private links lead nowhere. */
export async function startFivetranBench(
  postgres?: LocalPostgres,
  options: Partial<FivetranOptions> = {},
): Promise<FivetranBench> {
  const ec2 = createEc2({ accountId, region, scale: 0.001, publish: () => undefined });
  const aws = await startAwsEndpoint({ accountId, region, services: [ec2.service] });
  const client = new EC2Client(localAwsClient(aws.url));
  const { ServiceConfiguration: service } = await client.send(
    new CreateVpcEndpointServiceConfigurationCommand({
      AcceptanceRequired: true,
      NetworkLoadBalancerArns: [
        `arn:aws:elasticloadbalancing:${region}:${accountId}:loadbalancer/net/bench/0123456789abcdef`,
      ],
    }),
  );
  const [serviceId, serviceName = ''] = [service?.ServiceId, service?.ServiceName];
  await client.send(
    new ModifyVpcEndpointServicePermissionsCommand({
      ServiceId: serviceId,
      AddAllowedPrincipals: ['arn:aws:iam::834469178297:root'],
    }),
  );
  const warehouse = await startWarehouse();
  const faults: unknown[] = [];
  const fivetran = await startFivetran({
    awsEndpoint: aws.url,
    region,
    warehouse,
    pollMs: 10,
    resolveLink: (name) =>
      ec2
        .connections()
        .some((endpoint) => endpoint.state === 'available' && endpoint.dnsNames.includes(name)) &&
      postgres !== undefined
        ? { host: postgres.host, port: postgres.port }
        : undefined,
    ...(postgres === undefined ? {} : { sourceCaPem: postgres.caPem }),
    onFault: (error) => faults.push(error),
    ...options,
  });

  const call: FivetranBench['call'] = async (method, path, body, headers = {}) => {
    const versioned = /^(connections|destinations)(?!.*(schemas|certificates))/.test(path);
    const response = await fetch(`${fivetran.url}/v1/${path}`, {
      method,
      headers: {
        authorization: `Basic ${btoa(`${fivetran.apiKey}:${fivetran.apiSecret}`)}`,
        accept: versioned ? 'application/json;version=2' : 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const json = parseJson(await response.text());
    const { code, message, data } = isJsonObject(json) ? json : {};
    return {
      status: response.status,
      headers: response.headers,
      code,
      message,
      data: isJsonObject(data) ? data : {},
    };
  };
  const accept: FivetranBench['accept'] = async () => {
    const waiting = ec2.connections().filter(({ state }) => state === 'pendingAcceptance');
    if (waiting.length === 0) return;
    await client.send(
      new AcceptVpcEndpointConnectionsCommand({
        ServiceId: serviceId,
        VpcEndpointIds: waiting.map(({ id }) => id),
      }),
    );
  };
  const linkUp: FivetranBench['linkUp'] = async (name = 'pl_bench') => {
    const created = await call('POST', 'private-links', {
      name,
      region: 'AWS_US_EAST_1',
      service: 'SOURCE_AWS',
      config: { connection_service_name: serviceName },
    });
    const id = textOf(created.data.id);
    await vi.waitFor(
      async () => {
        await accept();
        expect((await call('GET', `private-links/${id}`)).data.state).toBe('OK');
      },
      { timeout: 5_000, interval: 10 },
    );
    return { id, host: textOf((await call('GET', `private-links/${id}`)).data.host) };
  };
  const connectionBody: FivetranBench['connectionBody'] = (link, config) => ({
    group_id: fivetran.groupId,
    service: 'postgres',
    networking_method: 'PrivateLink',
    private_link_id: link.id,
    destination_schema_names: 'FIVETRAN_NAMING',
    schedule_type: 'manual',
    config: {
      schema_prefix: 'dvd',
      host: link.host,
      port: 5432,
      database: postgres?.database ?? 'none',
      user: postgres?.users.fivetran.name ?? 'none',
      password: postgres?.users.fivetran.password ?? 'none',
      connection_type: 'PrivateLink',
      always_encrypted: true,
      update_method: 'TELEPORT',
      ...config,
    },
  });
  const settled: FivetranBench['settled'] = async (id) => {
    await fivetran.account.connections.get(id)?.running?.ended;
    return (await call('GET', `connections/${id}`)).data;
  };
  return {
    fivetran,
    warehouse,
    serviceName,
    call,
    accept,
    linkUp,
    connectionBody,
    connect: async (schemaPrefix, more, config) => {
      const link = await linkUp(`pl_${schemaPrefix}`.slice(0, 23));
      const created = await call('POST', 'connections', {
        ...connectionBody(link, { schema_prefix: schemaPrefix, ...config }),
        ...more,
      });
      expect(created.data.setup_tests ?? created.message).not.toContainEqual(
        expect.objectContaining({ status: 'FAILED' }),
      );
      return textOf(created.data.id);
    },
    sync: async (id) => {
      expect((await call('POST', `connections/${id}/sync`, { force: false })).status).toBe(200);
      return settled(id);
    },
    settled,
    rows: (sql) =>
      withConnection(warehouse, async (connection) => (await connection.runAndReadAll(sql)).getRowsJson()),
    stop: async () => {
      await fivetran.stop();
      client.destroy();
      ec2.stop();
      await aws.stop();
      warehouse.stop();
      expect(faults).toEqual([]);
    },
  };
}
