// How the template speaks of a deployment's sources: their ports, and the address ranges that they may lie in.
import { pascalCase } from './names.js';

/**
 * A parameter of the template, because the local stack's PostgreSQL takes whatever port is free.
 *
 * @param {{ name: string }} source
 */
export const databasePort = ({ name }) => ({ Ref: `DatabasePort${pascalCase(name)}` });

/**
 * For each port one source whose parameter speaks of it: EC2 refuses the same rule twice. One that the stack makes a
 * path to comes first, since its parameter is needed anyway.
 *
 * @template {{ port: number, endpointServiceId?: string | undefined }} Source
 * @param {Source[]} sources
 */
export const oneForEachPort = (sources) => {
  const builtLast = sources.toSorted(
    (one, other) =>
      Number(other.endpointServiceId !== undefined) - Number(one.endpointServiceId !== undefined),
  );
  return [...new Map(builtLast.map((source) => [source.port, source])).values()];
};

/** @param {string | undefined} list comma-separated @param {unknown} value of the parameter, as a list */
const each = (list, value) => (list ?? '').split(',').map((_, index) => ({ 'Fn::Select': [index, value] }));

/** @param {Record<string, string>} parameters as the deployment gives them */
export const vpcRanges = (parameters) => each(parameters['VpcCidr'], { Ref: 'VpcCidr' });

/**
 * All ranges that a database's addresses may lie in.
 *
 * @param {Record<string, string>} parameters as the deployment gives them
 */
export const databaseRanges = (parameters) => {
  const { TargetRanges: others = 'none' } = parameters;
  return [
    ...vpcRanges(parameters),
    ...(others === 'none' ? [] : each(others, { 'Fn::Split': [',', { Ref: 'TargetRanges' }] })),
  ];
};

/**
 * Rules of a security group: TCP on each port from or to each range.
 *
 * @param {{ ports: unknown[], ranges: unknown[], description: string }} rules
 */
export const tcpRules = ({ ports, ranges, description }) =>
  ports.flatMap((port) =>
    ranges.map((range) => ({
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      CidrIp: range,
      Description: description,
    })),
  );
