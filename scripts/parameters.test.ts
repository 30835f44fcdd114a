import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { declaredParameters, faultsOfParameters, readDeployment } from './parameters.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parameters-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const example = readFileSync(path.resolve(import.meta.dirname, '../params.example.yml'), 'utf8');
const targetGroupArn =
  'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/orders/0123456789abcdef';
const read = (text: string, region = 'us-east-1') => {
  writeFileSync(path.join(folder, 'params.prod.yml'), text);
  return readDeployment({ stage: 'prod', region, folder });
};

describe('the parameters of a deployment', () => {
  it('takes the documented example as it is', () => {
    const { parameters, sources } = read(example);
    expect(parameters).toMatchObject({
      VpcCidr: '10.20.0.0/16',
      SubnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
      CreateVpcEndpoints: 'false',
    });
    expect(sources).toEqual([{ name: 'postgres', port: 5432 }]);
  });

  it('takes a number in a list as it is written', () => {
    const listed = example.replace(
      'parameters:',
      'parameters:\n  FivetranAccounts: [834469178297, "012345678901"]',
    );
    expect(read(listed).parameters.FivetranAccounts).toBe('834469178297,012345678901');
  });

  it('documents every required parameter in the example', () => {
    expect(faultsOfParameters(read(example).parameters, declaredParameters())).toEqual([]);
  });

  it.each([
    {
      name: 'no file at all',
      change: () => {
        readDeployment({ stage: 'prod', region: 'us-east-1', folder });
      },
      says: 'params.prod.yml does not exist: copy params.example.yml',
    },
    {
      name: 'a stage that names cannot hold',
      change: () => {
        readDeployment({ stage: 'Production_of_all_teams', region: 'us-east-1', folder });
      },
      says: 'The stage is "Production_of_all_teams" but must be 1 to 20 small letters',
    },
    {
      name: 'a file that is not YAML',
      change: () => read('parameters: ['),
      says: 'params.prod.yml is not YAML',
    },
    {
      name: 'a required parameter that is missing',
      change: () => read(example.replace(/^ {2}VpcId:.*$/m, '')),
      says: 'parameter VpcId is required: VPC of the PostgreSQL source.',
    },
    {
      name: 'a parameter that does not exist',
      change: () => read(example.replace('VpcId:', 'VpcID: x\n  VpcId:')),
      says: 'parameter VpcID does not exist',
    },
    {
      name: 'a value of the wrong form',
      change: () => read(example.replace('vpc-0123456789abcdef0', 'my-vpc')),
      says: 'parameter VpcId is "my-vpc" but must match',
    },
    {
      name: 'a value that is not on the list',
      change: () => read(example.replace('CreateVpcEndpoints: false', 'CreateVpcEndpoints: maybe')),
      says: 'parameter CreateVpcEndpoints is "maybe" but must be one of true, false',
    },
    {
      name: 'VPC endpoints without route tables',
      change: () => read(example.replace('CreateVpcEndpoints: false', 'CreateVpcEndpoints: true')),
      says: 'CreateVpcEndpoints is true, so RouteTableIds must name',
    },
    {
      name: 'an idle timeout together with another Region',
      change: () =>
        read(
          `${example.replace('parameters:', 'parameters:\n  AllowedRegions: [us-east-1, eu-west-1]')}    idleTimeoutSeconds: 3600\n`,
        ),
      says: 'cross-Region PrivateLink refuses a load balancer with its own idle timeout',
    },
    ...[
      {
        parameter: 'VpcCidr',
        value: '999.20.0.0/16',
        says: 'must be a comma-separated list like 10.0.0.0/16',
      },
      {
        parameter: 'TargetRanges',
        value: '10.9.0.256/16',
        says: 'must be a comma-separated list like 10.9.0.0',
      },
      {
        parameter: 'FivetranAccounts',
        value: 'abc',
        says: 'must be a comma-separated list like 834469178297',
      },
      {
        parameter: 'AllowedRegions',
        value: 'us-east1',
        says: 'must be a comma-separated list like us-east-1',
      },
      { parameter: 'SlackRouting', value: 'loud', says: '' },
    ].map(({ parameter, value, says }) => ({
      name: `a value that the functions would refuse in ${parameter}`,
      change: () =>
        read(
          example
            .replace(new RegExp(`^ {2}${parameter}:.*\n`, 'm'), '')
            .replace('parameters:', `parameters:\n  ${parameter}: ${value}`),
        ),
      says: `parameter ${parameter} is "${value}" but ${says}`,
    })),
    ...['a--b', 'b-', 'orders-1'].map((source) => ({
      name: `the source name ${source}, which the template could not spell or would mix up with another`,
      change: () => read(`${example}  - name: ${source}\n`),
      says: 'sources.1.name',
    })),
    {
      name: 'a source that is named twice',
      change: () => read(`${example}\n  - name: postgres\n`),
      says: 'the source postgres is named twice',
    },
    {
      name: 'a target group for a source whose endpoint service the stack makes',
      change: () =>
        read(`${example.trimEnd().replace(/^ *#.*\n?/gm, '')}\n    targetGroupArn: ${targetGroupArn}\n`),
      says: 'the source postgres sets targetGroupArn, but without endpointServiceId',
    },
    {
      name: 'a target group in another Region',
      change: () =>
        read(
          `${example}  - name: orders\n    endpointServiceId: vpce-svc-0123456789abcdef0\n    targetGroupArn: ${targetGroupArn}\n`,
          'eu-west-1',
        ),
      says: 'the source orders sets targetGroupArn to a target group in another Region than eu-west-1',
    },
    {
      name: 'a target group that is not named by its ARN',
      change: () =>
        read(
          `${example}  - name: orders\n    endpointServiceId: vpce-svc-0123456789abcdef0\n    targetGroupArn: orders\n`,
        ),
      says: 'sources.1.targetGroupArn: ',
    },
    {
      name: 'a source with an unknown field',
      change: () => read(`${example}\n  - name: orders\n    prot: 5433\n`),
      says: 'sources.1',
    },
  ])('stops with a sentence for $name', ({ change, says }) => {
    expect(change).toThrow(says);
  });

  it('tells all faults at once', () => {
    const broken = example.replace(/^ {2}VpcId:.*$/m, '').replace('10.20.0.0/16', 'everything');
    expect(() => read(broken)).toThrow(/VpcId is required.*VpcCidr is "everything"/);
  });
});
