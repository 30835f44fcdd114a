import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { templatePath } from '../../scripts/package.ts';

export const root = path.resolve(import.meta.dirname, '../..');

export interface Resource {
  Type: string;
  Condition?: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
}

export interface Template {
  Parameters: Record<string, Record<string, unknown>>;
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: unknown }>;
}

export interface Statement {
  Effect: string;
  Action: string[];
  Resource: unknown[];
  Condition?: Record<string, unknown>;
}

/** A packaged template. */
export function readTemplate(file: string): Template {
  if (!existsSync(file)) throw new Error('There is no packaged template: run npm run package first.');
  return JSON.parse(readFileSync(file, 'utf8')) as Template;
}

/** The template as `npm run package` made it. */
export const packaged = readTemplate(path.join(root, templatePath));

/** The packaged template with something broken: how a rule proves that it would tell. */
export function broken(change: (resources: Record<string, Resource>) => void): Template {
  const copy = structuredClone(packaged);
  change(copy.Resources);
  return copy;
}

/** Logical ids and resources of one type. */
export function resourcesOf(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

export interface LambdaFunction {
  logicalId: string;
  /** In functions/. */
  folder: string;
  properties: Record<string, unknown>;
}

/** The functions of the service. */
export function functionsOf(template: Template): LambdaFunction[] {
  return resourcesOf(template, 'AWS::Lambda::Function').map(([logicalId, { Properties }]) => ({
    logicalId,
    folder: /\.build\/([^/]+)\//.exec(String(Properties.Handler))?.[1] ?? '',
    properties: Properties,
  }));
}

export const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** The statements of a policy document, with single actions and resources as lists. */
export function statementsIn(document: unknown): Statement[] {
  const { Statement } = document as { Statement: Record<string, unknown>[] };
  return list(Statement).map((statement) => ({
    ...(statement as Statement),
    Action: list((statement as Statement).Action) as string[],
    Resource: list((statement as Statement).Resource),
  }));
}

/** All statements of a role's own policies. */
export function statementsOf(template: Template, roleId: string): Statement[] {
  const policies = list(template.Resources[roleId]?.Properties.Policies) as { PolicyDocument: unknown }[];
  return policies.flatMap(({ PolicyDocument }) => statementsIn(PolicyDocument));
}

/** The logical id of the role that a function or a machine runs as. */
export function roleOf(properties: Record<string, unknown>): string {
  const role = (properties.Role ?? properties.RoleArn) as { 'Fn::GetAtt'?: [string, string] };
  return role['Fn::GetAtt']?.[0] ?? '';
}

/** The built bundle's text. */
export function bundleOf(folder: string): string {
  return readFileSync(path.join(root, '.build', folder, 'index.mjs'), 'utf8');
}

/** Logical ids that a value refers to by Ref, Fn::GetAtt or Fn::Sub. */
export function referencesOf(value: unknown): string[] {
  const text = JSON.stringify(value ?? null);
  return [
    ...[...text.matchAll(/"Ref":"([^"]+)"/g)].map(([, id]) => id ?? ''),
    ...[...text.matchAll(/"Fn::GetAtt":\["([^"]+)"/g)].map(([, id]) => id ?? ''),
    ...[...text.matchAll(/\$\{([A-Za-z0-9]+)(?:\.[A-Za-z]+)?\}/g)].map(([, id]) => id ?? ''),
  ];
}
