/** Wire states of an endpoint connection; EC2 returns them in camel case. */
export type ConnectionState =
  'pendingAcceptance' | 'pending' | 'available' | 'rejected' | 'deleting' | 'deleted' | 'expired' | 'failed';

/** What an endpoint service tells its SNS topic. */
export type ConnectionEvent = 'Connect' | 'Accept' | 'Reject' | 'Delete';

/** A Region as one service serves it. */
interface SupportedRegion {
  region: string;
  state: 'Pending' | 'Available' | 'Deleting';
}

/** What an account offers to others behind its load balancers. */
export interface EndpointService {
  id: string;
  /** `com.amazonaws.vpce.<region>.<id>` */
  name: string;
  owner: string;
  state: 'Pending' | 'Available' | 'Deleting' | 'Deleted' | 'Failed';
  acceptanceRequired: boolean;
  networkLoadBalancerArns: string[];
  supportedIpAddressTypes: string[];
  supportedRegions: SupportedRegion[];
  privateDnsName: string | undefined;
  /** Allowed principal to the id of that permission. */
  principals: Map<string, string>;
}

/** An interface endpoint, and in one the connection to the service that its owner asked for. */
export interface Endpoint {
  id: string;
  connectionId: string;
  serviceId: string;
  serviceName: string;
  owner: string;
  /** The consumer's Region. */
  region: string;
  vpcId: string;
  subnetIds: string[];
  securityGroupIds: string[];
  ipAddressType: string;
  state: ConnectionState;
  createdAt: Date;
  /** The first one leads to all zones; the others to one each. */
  dnsNames: string[];
}

/** Whom to tell of which events of a service or of one endpoint. */
export interface ConnectionNotification {
  id: string;
  owner: string;
  serviceId: string | undefined;
  endpointId: string | undefined;
  topicArn: string;
  events: ConnectionEvent[];
}

/** One rule; protocol `-1` is all traffic, and then the ports mean nothing. */
export interface SecurityGroupRule {
  id: string;
  egress: boolean;
  protocol: string;
  fromPort: number;
  toPort: number;
  cidr: string | undefined;
  sourceGroupId: string | undefined;
  description: string | undefined;
}

/** A firewall around network interfaces, here around load balancers. */
export interface SecurityGroup {
  id: string;
  name: string;
  description: string;
  owner: string;
  vpcId: string;
  rules: SecurityGroupRule[];
}
