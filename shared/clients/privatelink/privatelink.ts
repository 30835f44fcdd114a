import {
  AcceptVpcEndpointConnectionsCommand,
  CreateTagsCommand,
  DescribeVpcEndpointConnectionsCommand,
  DescribeVpcEndpointServiceConfigurationsCommand,
  DescribeVpcEndpointServicePermissionsCommand,
  EC2Client,
  RejectVpcEndpointConnectionsCommand,
  type Filter,
  type ServiceConfiguration,
  type UnsuccessfulItem,
  type VpcEndpointConnection,
} from '@aws-sdk/client-ec2';
import {
  isLeftTo,
  managedTag,
  readEndpointState,
  stackTagKey,
  type EndpointConnection,
  type EndpointService,
} from '../../contracts/endpoint.ts';
import { awsClientSettings, awsErrorName, callAws } from '../aws.ts';

/** What EC2 says of one endpoint in an answer whose HTTP status is 200 either way. */
export type Change = { done: true } | { done: false; code: string; message: string };

/** Endpoint services of this account and the connections to them. Every answer is read from EC2 anew. */
export interface PrivateLink {
  /** `undefined` when this account and Region have no such service. */
  service(serviceId: string): Promise<EndpointService | undefined>;
  /** All services that carry the tag `fivetran-privatelink = auto-accept`, but for those of another stack. */
  managedServices(stackName: string): Promise<EndpointService[]>;
  /** All connections to the services, whatever their state; of one endpoint only, when it is given. */
  connections(serviceIds: readonly string[], endpointId?: string): Promise<EndpointConnection[]>;
  /** Who may ask to connect: principals' ARNs, or `*` for everybody. */
  principals(serviceId: string): Promise<string[]>;
  accept(serviceId: string, endpointId: string): Promise<Change>;
  reject(serviceId: string, endpointId: string): Promise<Change>;
  /** Puts tags on a connection (`vpce-con-…`). */
  tag(connectionId: string, tags: Record<string, string>): Promise<void>;
}

/** EC2's limit of a filter's values: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html */
const mostFilterValues = 200;

const noSuchService = new Set([
  'InvalidVpcEndpointServiceId.NotFound',
  'InvalidVpcEndpointService.NotFound',
  'InvalidVpcEndpointServiceId.Malformed',
]);

export function createPrivateLink(settings: { region: string }): PrivateLink {
  const client = new EC2Client(awsClientSettings);

  async function services(query: { ServiceIds?: string[]; Filters?: Filter[] }): Promise<EndpointService[]> {
    const found: EndpointService[] = [];
    let token: string | undefined;
    do {
      const page = await callAws('ec2:DescribeVpcEndpointServiceConfigurations', () =>
        client.send(
          new DescribeVpcEndpointServiceConfigurationsCommand({
            ...query,
            ...(token === undefined ? {} : { NextToken: token }),
          }),
        ),
      );
      found.push(...(page.ServiceConfigurations ?? []).map((each) => toService(each, settings.region)));
      token = nextToken(page.NextToken);
    } while (token !== undefined);
    return found;
  }

  async function connectionsOf(filters: Filter[]): Promise<EndpointConnection[]> {
    const found: EndpointConnection[] = [];
    let token: string | undefined;
    do {
      const page = await callAws('ec2:DescribeVpcEndpointConnections', () =>
        client.send(
          new DescribeVpcEndpointConnectionsCommand({
            Filters: filters,
            MaxResults: 1000,
            ...(token === undefined ? {} : { NextToken: token }),
          }),
        ),
      );
      found.push(...(page.VpcEndpointConnections ?? []).map((each) => toConnection(each, settings.region)));
      token = nextToken(page.NextToken);
    } while (token !== undefined);
    return found;
  }

  return {
    async service(serviceId) {
      try {
        const [service] = await services({ ServiceIds: [serviceId] });
        return service;
      } catch (error) {
        if (noSuchService.has(awsErrorName(error))) return undefined;
        throw error;
      }
    },

    async managedServices(stackName) {
      const tagged = await services({
        Filters: [{ Name: `tag:${managedTag.key}`, Values: [managedTag.value] }],
      });
      return tagged.filter(({ tags }) => isLeftTo(stackName, tags[stackTagKey]));
    },

    async connections(serviceIds, endpointId) {
      const found: EndpointConnection[] = [];
      for (let start = 0; start < serviceIds.length; start += mostFilterValues) {
        found.push(
          ...(await connectionsOf([
            { Name: 'service-id', Values: serviceIds.slice(start, start + mostFilterValues) },
            ...(endpointId === undefined ? [] : [{ Name: 'vpc-endpoint-id', Values: [endpointId] }]),
          ])),
        );
      }
      return found;
    },

    async principals(serviceId) {
      const found: string[] = [];
      let token: string | undefined;
      do {
        const page = await callAws('ec2:DescribeVpcEndpointServicePermissions', () =>
          client.send(
            new DescribeVpcEndpointServicePermissionsCommand({
              ServiceId: serviceId,
              ...(token === undefined ? {} : { NextToken: token }),
            }),
          ),
        );
        found.push(
          ...(page.AllowedPrincipals ?? []).map(({ Principal, PrincipalType }) =>
            PrincipalType === 'All' ? '*' : (Principal ?? ''),
          ),
        );
        token = nextToken(page.NextToken);
      } while (token !== undefined);
      return found;
    },

    async accept(serviceId, endpointId) {
      const { Unsuccessful } = await callAws('ec2:AcceptVpcEndpointConnections', () =>
        client.send(
          new AcceptVpcEndpointConnectionsCommand({ ServiceId: serviceId, VpcEndpointIds: [endpointId] }),
        ),
      );
      return toChange(Unsuccessful);
    },

    async reject(serviceId, endpointId) {
      const { Unsuccessful } = await callAws('ec2:RejectVpcEndpointConnections', () =>
        client.send(
          new RejectVpcEndpointConnectionsCommand({ ServiceId: serviceId, VpcEndpointIds: [endpointId] }),
        ),
      );
      return toChange(Unsuccessful);
    },

    async tag(connectionId, tags) {
      await callAws('ec2:CreateTags', () =>
        client.send(
          new CreateTagsCommand({
            Resources: [connectionId],
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          }),
        ),
      );
    },
  };
}

const nextToken = (token: string | undefined): string | undefined => (token === '' ? undefined : token);

/** EC2 answers 200 even when it did nothing: the endpoints it refused stand in `Unsuccessful`. */
function toChange(unsuccessful: UnsuccessfulItem[] | undefined): Change {
  const [refused] = unsuccessful ?? [];
  if (refused === undefined) return { done: true };
  return {
    done: false,
    code: refused.Error?.Code ?? 'Unknown',
    message: refused.Error?.Message ?? 'EC2 gave no message.',
  };
}

function toService(service: ServiceConfiguration, region: string): EndpointService {
  return {
    serviceId: service.ServiceId ?? '',
    serviceName: service.ServiceName ?? '',
    region,
    state: (service.ServiceState ?? '').toLowerCase(),
    acceptanceRequired: service.AcceptanceRequired ?? false,
    loadBalancerArns: service.NetworkLoadBalancerArns ?? [],
    tags: Object.fromEntries((service.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  };
}

function toConnection(connection: VpcEndpointConnection, serviceRegion: string): EndpointConnection {
  return {
    serviceId: connection.ServiceId ?? '',
    endpointId: connection.VpcEndpointId ?? '',
    connectionId: connection.VpcEndpointConnectionId ?? '',
    ownerAccount: connection.VpcEndpointOwner ?? '',
    state: readEndpointState(connection.VpcEndpointState),
    wireState: connection.VpcEndpointState ?? '',
    // A request without a creation time counts as old as can be, so that no claim is younger than it.
    createdAt: (connection.CreationTimestamp ?? new Date(0)).toISOString(),
    region: connection.VpcEndpointRegion ?? serviceRegion,
    dnsNames: (connection.DnsEntries ?? []).flatMap(({ DnsName }) => DnsName ?? []),
  };
}
