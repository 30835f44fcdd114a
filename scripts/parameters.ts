import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { settings } from '../shared/config.ts';

const root = path.resolve(import.meta.dirname, '..');

/** A deployment's file cannot be used; the message names the file, the parameter and what it must be. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
}

const SourceShape = z.strictObject({
  /** Our name of the source: last part of its secret's name. Each dash begins a capital letter in the template. */
  name: z.string().check(z.maxLength(40), z.regex(/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/)),
  /** Port that PostgreSQL listens on. */
  port: z._default(z.int().check(z.minimum(1), z.maximum(65_535)), 5432),
  /** Seconds that a connection may be silent, 60 to 6000. */
  idleTimeoutSeconds: z.optional(z.int().check(z.minimum(60), z.maximum(6000))),
  /** An endpoint service that exists already; then nothing is built for this source but its notification. */
  endpointServiceId: z.optional(z.string().check(z.regex(/^vpce-svc-[0-9a-f]{8,17}$/))),
  /** That service's target group of IP addresses, when it shall follow the addresses of the source's host. */
  targetGroupArn: z.optional(
    z
      .string()
      .check(
        z.regex(
          /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/[A-Za-z0-9-]+\/[0-9a-f]+$/,
        ),
      ),
  ),
});
export type Source = z.output<typeof SourceShape>;

const ScheduleShape = z.strictObject({
  /** Fivetran's id of the connection. */
  connectionId: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,100}$/)),
  /** In the Scheduler's words: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
  expression: z.string().check(z.regex(/^(cron|rate)\(.+\)$/)),
  /** Name of the IANA time zone that a cron expression is meant in. */
  timeZone: z._default(
    z
      .string()
      .check(
        z.refine(
          (zone) => Intl.supportedValuesOf('timeZone').concat('UTC').includes(zone),
          'no such time zone',
        ),
      ),
    'UTC',
  ),
  /** What to do when the connection is paused. */
  whenPaused: z._default(z.enum(['fail', 'unpause', 'skip']), 'skip'),
});
export type SyncSchedule = z.output<typeof ScheduleShape>;

const DeploymentShape = z.strictObject({
  parameters: z._default(
    z.record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]),
    ),
    {},
  ),
  sources: z._default(z.array(SourceShape).check(z.minLength(1), z.maxLength(20)), [
    { name: 'postgres', port: 5432 },
  ]),
  schedules: z._default(z.array(ScheduleShape).check(z.maxLength(100)), []),
});

export interface Deployment {
  /** Values of the template's parameters, as CloudFormation takes them. */
  parameters: Record<string, string>;
  sources: Source[];
  /** Syncs that run-sync starts at given times, one connection each. */
  schedules: SyncSchedule[];
}

export interface DeclaredParameter {
  Type: string;
  Description: string;
  Default?: string | number;
  AllowedPattern?: string;
  AllowedValues?: string[];
  MinValue?: number;
  MaxValue?: number;
}

/** The parameters that resources/parameters.yml declares. */
export function declaredParameters(): Record<string, DeclaredParameter> {
  const text = readFileSync(path.join(root, 'resources/parameters.yml'), 'utf8');
  return (parse(text) as { Parameters: Record<string, DeclaredParameter> }).Parameters;
}

/**
 * What `params.<stage>.yml` says. A portable package, which no deployment is behind (tests, one machine), takes the
 * defaults and one source.
 *
 * @throws ParameterError when the stage is no name or has no such file, or naming everything in it that is missing, unknown, malformed
 *   or contradictory
 */
export function readDeployment(wanted: { stage: string; region: string; folder?: string }): Deployment {
  if (process.env.PORTABLE_PACKAGE === 'true') {
    return { ...DeploymentShape.parse({}), parameters: {} };
  }
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(wanted.stage)) {
    // The longest name that a stage is part of is a function's, and ends at 64 characters.
    throw new ParameterError(
      `The stage is "${wanted.stage}" but must be 1 to 20 small letters, digits and dashes, a letter first.`,
    );
  }
  const file = `params.${wanted.stage}.yml`;
  const location = path.join(wanted.folder ?? root, file);
  if (!existsSync(location)) {
    throw new ParameterError(`${file} does not exist: copy params.example.yml to ${file} and fill it in.`);
  }
  const deployment = readFile(location, file);
  const faults = [
    ...faultsOfParameters(deployment.parameters, declaredParameters()),
    ...contradictions(deployment, wanted.region),
  ];
  if (faults.length > 0) throw new ParameterError(`${file}: ${faults.join('; ')}.`);
  return deployment;
}

function readFile(location: string, file: string): Deployment {
  let content: unknown;
  try {
    content = parse(readFileSync(location, 'utf8'));
  } catch (error) {
    throw new ParameterError(
      `${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const result = DeploymentShape.safeParse(content ?? {});
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ParameterError(`${file}: ${faults.join('; ')}.`);
  }
  const { parameters, sources, schedules } = result.data;
  return {
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(',') : String(value),
      ]),
    ),
    sources,
    schedules,
  };
}

/** Every parameter that is unknown, required and missing, or not of its declared form. */
export function faultsOfParameters(
  given: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, DeclaredParameter>>,
): string[] {
  const unknown = Object.keys(given)
    .filter((name) => !(name in declared))
    .map((name) => `parameter ${name} does not exist (docs/configuration.md lists them)`);
  const others = Object.entries(declared).flatMap(([name, declaration]) => {
    const value = given[name];
    if (value === undefined) {
      return declaration.Default === undefined
        ? [`parameter ${name} is required: ${declaration.Description.replace(/\.$/, '')}`]
        : [];
    }
    return faultOfValue(name, value, declaration);
  });
  return [...unknown, ...others];
}

const formOfType: Record<string, RegExp> = {
  Number: /^\d+$/,
  'AWS::EC2::VPC::Id': /^vpc-[0-9a-f]{8,17}$/,
  'List<AWS::EC2::Subnet::Id>': /^subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17})*$/,
};

/** What the function that reads the value would say of it, at its first invocation. */
function faultOfSetting(name: string, value: string): string[] {
  const key = name === 'VpcCidr' ? 'vpcRanges' : `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const setting = Object.entries(settings).find(([known]) => known === key)?.[1];
  if (value === '' || setting === undefined) return [];
  try {
    setting.read(value);
    return [];
  } catch (error) {
    return [`parameter ${name} is "${value}" but ${error instanceof Error ? error.message : String(error)}`];
  }
}

function faultOfValue(name: string, value: string, declaration: DeclaredParameter): string[] {
  const { Type, AllowedPattern, AllowedValues, MinValue = -Infinity, MaxValue = Infinity } = declaration;
  const form = AllowedPattern === undefined ? formOfType[Type] : new RegExp(AllowedPattern);
  if (form?.test(value) === false) return [`parameter ${name} is "${value}" but must match ${form.source}`];
  if (AllowedValues?.includes(value) === false) {
    return [`parameter ${name} is "${value}" but must be one of ${AllowedValues.join(', ')}`];
  }
  if (Type === 'Number' && (Number(value) < MinValue || Number(value) > MaxValue)) {
    return [`parameter ${name} is ${value} but must be from ${String(MinValue)} to ${String(MaxValue)}`];
  }
  return faultOfSetting(name, value);
}

function contradictions({ parameters, sources }: Deployment, region: string): string[] {
  const faults: string[] = [];
  const names = sources.map(({ name }) => name);
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    faults.push(`the source ${name} is named twice`);
  }
  if (parameters.CreateVpcEndpoints === 'true' && (parameters.RouteTableIds ?? '') === '') {
    faults.push(
      'CreateVpcEndpoints is true, so RouteTableIds must name the route tables that lead to DynamoDB',
    );
  }
  const regions = (parameters.AllowedRegions ?? region).split(',');
  const crossRegion = regions.some((name) => name !== region);
  for (const { name, idleTimeoutSeconds, endpointServiceId, targetGroupArn } of sources) {
    if (endpointServiceId === undefined && targetGroupArn !== undefined) {
      faults.push(
        `the source ${name} sets targetGroupArn, but without endpointServiceId the stack makes its target group: remove one, or add the other`,
      );
    }
    if (targetGroupArn !== undefined && targetGroupArn.split(':')[3] !== region) {
      faults.push(
        `the source ${name} sets targetGroupArn to a target group in another Region than ${region}`,
      );
    }
    if (crossRegion && idleTimeoutSeconds !== undefined) {
      // https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-share-your-services.html
      faults.push(
        `the source ${name} sets idleTimeoutSeconds, but AllowedRegions names another Region than ${region}, and cross-Region PrivateLink refuses a load balancer with its own idle timeout: remove one of the two`,
      );
    }
  }
  return faults;
}
