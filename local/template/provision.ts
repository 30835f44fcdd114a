import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { referencesIn, resolveValue, TemplateError, type Scope } from './intrinsics.ts';
import type { Provisioned, ResourceHandlers } from './resource-handler.ts';
import type { Template, TemplateParameter, TemplateResource } from './template.ts';

export interface ProvisionOptions {
  /** Values of the template's parameters; those left out have their defaults. */
  parameters: Record<string, string>;
  accountId: string;
  region: string;
  stackName: string;
  /** What makes each type of resource real. */
  handlers: ResourceHandlers;
}

/** A template made real. */
export interface ProvisionedStack {
  parameters: ReadonlyMap<string, Json>;
  resources: ReadonlyMap<string, ProvisionedResource>;
  outputs: ReadonlyMap<string, Json>;
}

interface ProvisionedResource extends Provisioned {
  logicalId: string;
  type: string;
  properties: JsonObject;
}

/**
 * Makes every resource of the template real, each after all that it refers to.
 *
 * @throws TemplateError for a parameter that its own rules refuse, a reference that leads nowhere, a circle, or a
 *   type of resource that has no handler
 */
export async function provision(template: Template, options: ProvisionOptions): Promise<ProvisionedStack> {
  const parameters = readParameters(template, options.parameters);
  const resources = new Map<string, ProvisionedResource>();
  const scope = scopeOf(template, parameters, resources, options);
  const wanted = [...template.resources.values()].filter(
    ({ condition }) => condition === undefined || scope.condition(condition),
  );
  for (const resource of inOrder(wanted)) {
    const where = `Resources.${resource.logicalId}`;
    const properties = resolveValue(resource.properties, scope, `${where}.Properties`);
    const handler = options.handlers[resource.type];
    if (handler === undefined) {
      throw new TemplateError(`${where}: the local stack has no handler for ${resource.type}.`);
    }
    const plain = isJsonObject(properties) ? properties : {};
    const provisioned = await handler(resource.logicalId, plain);
    resources.set(resource.logicalId, {
      ...provisioned,
      logicalId: resource.logicalId,
      type: resource.type,
      properties: plain,
    });
  }
  const outputs = new Map(
    [...template.outputs].map(([name, value]) => [name, resolveValue(value, scope, `Outputs.${name}`)]),
  );
  return { parameters, resources, outputs };
}

function readParameters(template: Template, given: Record<string, string>): Map<string, Json> {
  for (const name of Object.keys(given)) {
    if (!template.parameters.has(name)) throw new TemplateError(`The template has no parameter ${name}.`);
  }
  return new Map(
    [...template.parameters].map(([name, parameter]) => [name, readParameter(name, parameter, given[name])]),
  );
}

function readParameter(name: string, parameter: TemplateParameter, given: string | undefined): Json {
  const value = given ?? parameter.default;
  if (value === undefined) throw new TemplateError(`Parameter ${name} has no value and no default.`);
  const { allowedPattern: pattern, allowedValues: values } = parameter;
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) {
    throw new TemplateError(`Parameter ${name} is "${value}", which does not match ${pattern}.`);
  }
  if (values !== undefined && !values.includes(value)) {
    throw new TemplateError(`Parameter ${name} is "${value}", which is not one of ${values.join(', ')}.`);
  }
  return parameter.type === 'CommaDelimitedList' || parameter.type.startsWith('List<')
    ? value.split(',').map((item) => item.trim())
    : value;
}

function scopeOf(
  template: Template,
  parameters: Map<string, Json>,
  resources: Map<string, ProvisionedResource>,
  options: ProvisionOptions,
): Scope {
  const pseudo = new Map<string, Json>([
    ['AWS::AccountId', options.accountId],
    ['AWS::Region', options.region],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', options.stackName],
    [
      'AWS::StackId',
      `arn:aws:cloudformation:${options.region}:${options.accountId}:stack/${options.stackName}/local`,
    ],
    ['AWS::NotificationARNs', []],
  ]);
  const conditions = new Map<string, boolean>();
  const scope: Scope = {
    zones: ['a', 'b', 'c'].map((zone) => `${options.region}${zone}`),
    ref: (name) => pseudo.get(name) ?? parameters.get(name) ?? resources.get(name)?.ref,
    getAtt: (logicalId, attribute) => resources.get(logicalId)?.attributes?.[attribute],
    mapping: (map, top, second) => {
      const found = template.mappings[map];
      const row = isJsonObject(found) ? found[top] : undefined;
      return isJsonObject(row) ? row[second] : undefined;
    },
    condition: (name) => {
      const known = conditions.get(name);
      if (known !== undefined) return known;
      const source = template.conditions[name];
      if (source === undefined) throw new TemplateError(`There is no condition ${name}.`);
      const holds = resolveValue(source, scope, `Conditions.${name}`) === true;
      conditions.set(name, holds);
      return holds;
    },
  };
  return scope;
}

/** Each resource after those that it refers to or names in DependsOn; otherwise as the template has them. */
function inOrder(resources: TemplateResource[]): TemplateResource[] {
  const byId = new Map(resources.map((resource) => [resource.logicalId, resource]));
  const ordered: TemplateResource[] = [];
  const state = new Map<string, 'visiting' | 'done'>();
  const visit = (resource: TemplateResource, path: string[]): void => {
    const { logicalId } = resource;
    if (state.get(logicalId) === 'done') return;
    if (state.get(logicalId) === 'visiting') {
      throw new TemplateError(
        `Resources refer to each other in a circle: ${[...path, logicalId].join(' → ')}.`,
      );
    }
    state.set(logicalId, 'visiting');
    for (const name of [...resource.dependsOn, ...referencesIn(resource.properties)]) {
      const needed = byId.get(name);
      if (needed !== undefined && name !== logicalId) visit(needed, [...path, logicalId]);
    }
    state.set(logicalId, 'done');
    ordered.push(resource);
  };
  for (const resource of resources) visit(resource, []);
  return ordered;
}
