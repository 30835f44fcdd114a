import {
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import type { Clock } from '../../shared/clock.ts';
import type { Faults } from './faults.ts';
import { configText, type Account, type PrivateLink } from './model.ts';

/** Fivetran's AWS account, which its endpoints belong to. */
export const fivetranAwsAccount = '834469178297';
/** Fivetran's own VPC; nobody else sees it. */
const fivetranVpc = 'vpc-0f1e2d3c4b5a69788';

/** Keeps private links what AWS says of their endpoints. */
export interface PrivateLinkKeeper {
  /** Asks AWS for an endpoint to the link's service and follows it. */
  create: (link: PrivateLink) => void;
  /** Deletes the link's endpoint, and the link when that is gone. */
  destroy: (link: PrivateLink) => Promise<void>;
  stop: () => void;
}

export interface PrivateLinkSettings {
  account: Account;
  awsEndpoint: string;
  region: string;
  /** The account that asks: Fivetran's. */
  awsAccount: string;
  clock: Clock;
  faults: Faults;
  /** Milliseconds between two looks at an endpoint. */
  pollMs: number;
}

export function createPrivateLinkKeeper(settings: PrivateLinkSettings): PrivateLinkKeeper {
  const { account, clock, faults } = settings;
  const stopped = new AbortController();
  const ec2 = new EC2Client({
    endpoint: settings.awsEndpoint,
    region: settings.region,
    credentials: { accessKeyId: settings.awsAccount, secretAccessKey: 'fivetran' },
  });

  async function follow(link: PrivateLink): Promise<void> {
    const forced = faults.take('fail-private-link');
    try {
      if (forced !== undefined) throw new Error(forced.summary);
      const { VpcEndpoint: endpoint } = await ec2.send(
        new CreateVpcEndpointCommand({
          VpcEndpointType: 'Interface',
          VpcId: fivetranVpc,
          ServiceName: configText(link.config, 'connection_service_name'),
        }),
      );
      if (endpoint?.VpcEndpointId === undefined) throw new Error('AWS answered without an endpoint id');
      link.endpointId = endpoint.VpcEndpointId;
    } catch (error) {
      link.state = 'FAIL';
      link.stateSummary = error instanceof Error ? error.message : String(error);
      return;
    }
    while (account.privateLinks.get(link.id) === link && link.state !== 'DESTROYING') {
      judge(link, await look(link.endpointId));
      await clock.sleep(settings.pollMs, stopped.signal);
    }
  }

  async function look(endpointId: string): Promise<VpcEndpoint | undefined> {
    try {
      const { VpcEndpoints = [] } = await ec2.send(
        new DescribeVpcEndpointsCommand({ VpcEndpointIds: [endpointId] }),
      );
      return VpcEndpoints[0];
    } catch (error) {
      if (error instanceof Error && error.name.startsWith('InvalidVpcEndpointId')) return undefined;
      throw error;
    }
  }

  const inBackground = (work: Promise<void>, link: PrivateLink): void => {
    work.catch((error: unknown) => {
      if (stopped.signal.aborted) return;
      link.state = 'FAIL';
      link.stateSummary = error instanceof Error ? error.message : String(error);
    });
  };

  return {
    create: (link) => inBackground(follow(link), link),
    destroy: async (link) => {
      link.state = 'DESTROYING';
      link.stateSummary = 'The private link is being deleted';
      if (link.endpointId !== undefined) {
        await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [link.endpointId] }));
      }
      account.privateLinks.delete(link.id);
    },
    stop: () => {
      stopped.abort(new Error('Fivetran stops.'));
      ec2.destroy();
    },
  };
}

/** What the endpoint's state means for the link. */
function judge(link: PrivateLink, endpoint: VpcEndpoint | undefined): void {
  if (link.state === 'DESTROYING') return;
  const state = endpoint?.State?.toString() ?? 'deleted';
  link.upstreamStatus = state;
  const host = endpoint?.DnsEntries?.[0]?.DnsName;
  if (state.toLowerCase() === 'available' && host !== undefined) {
    link.state = 'OK';
    link.host = host;
    link.stateSummary = 'The private link is ready';
  } else if (['rejected', 'failed', 'expired', 'deleted', 'deleting'].includes(state.toLowerCase())) {
    link.state = 'FAIL';
    link.stateSummary = `The VPC endpoint is ${state}`;
  } else {
    link.state = 'CREATING';
    link.stateSummary = `The VPC endpoint is ${state}`;
  }
}
