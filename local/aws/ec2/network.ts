/** An Availability Zone of one account: the name differs between accounts, the id does not. */
export interface Zone {
  name: string;
  id: string;
}

/** A range of addresses in one zone. */
export interface Subnet {
  id: string;
  cidr: string;
  zone: Zone;
}

/** The VPC of the PostgreSQL source. Its addresses are loopback ones, so that targets can be really reached. */
export interface Network {
  vpcId: string;
  cidr: string;
  subnets: readonly Subnet[];
}

/** Two private subnets in two zones; 127.0.0.1 lies in the first. */
export function createNetwork(region: string): Network {
  const zone = (index: number): Zone => ({
    name: region + 'ab'.charAt(index),
    id: `${abbreviate(region)}-az${index + 1}`,
  });
  return {
    vpcId: 'vpc-0f1e2d3c4b5a69788',
    cidr: '127.0.0.0/8',
    subnets: [
      { id: 'subnet-0a1b2c3d4e5f60001', cidr: '127.0.0.0/24', zone: zone(0) },
      { id: 'subnet-0a1b2c3d4e5f60002', cidr: '127.0.1.0/24', zone: zone(1) },
    ],
  };
}

/** `us-east-1` as `use1`, the way that zone ids spell it. */
function abbreviate(region: string): string {
  const [area = '', direction = '', number = ''] = region.split('-');
  return area + direction.replaceAll(/(north|south|east|west|central)/g, (word) => word.charAt(0)) + number;
}

/** The zone that an address lies in; nothing when it is in no subnet. */
export function zoneOf(network: Network, address: string): Zone | undefined {
  return network.subnets.find(({ cidr }) => contains(cidr, address))?.zone;
}

/** Whether an IPv4 address lies in a range such as `10.0.0.0/8`. */
export function contains(cidr: string, address: string): boolean {
  const [range = '', bits = '32'] = cidr.split('/');
  const [wanted, given] = [toNumber(range), toNumber(address)];
  if (wanted === undefined || given === undefined) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(wanted / size) === Math.floor(given / size);
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
