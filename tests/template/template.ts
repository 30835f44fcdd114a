import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { templatePath } from '../../scripts/package.ts';

const root = path.resolve(import.meta.dirname, '../..');

export interface Resource {
  Type: string;
  Condition?: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
}

export interface Statement {
  Effect: string;
  Action: string[];
  Resource: unknown[];
  Condition?: Record<string, unknown>;
}

/** The packaged template, as `npm run package` made it. */
export const template = ((): {
  Parameters: Record<string, Record<string, unknown>>;
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: unknown }>;
} => {
  const file = path.join(root, templatePath);
  if (!existsSync(file)) throw new Error('There is no packaged template: run npm run package first.');
  return JSON.parse(readFileSync(file, 'utf8')) as never;
})();

/** Logical ids and resources of one type. */
export function resourcesOf(type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** The functions of the service, without the ones that the packaging tool adds for itself. */
export const functions = resourcesOf('AWS::Lambda::Function').map(([logicalId, { Properties }]) => ({
  logicalId,
  folder: /\.build\/([^/]+)\//.exec(String(Properties.Handler))?.[1] ?? '',
  properties: Properties,
}));

const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** All statements of a role's inline policies, with single actions and resources as lists. */
export function statementsOf(roleId: string): Statement[] {
  const policies = list(template.Resources[roleId]?.Properties.Policies) as {
    PolicyDocument: { Statement: Record<string, unknown>[] };
  }[];
  return policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .map((statement) => ({
      ...(statement as unknown as Statement),
      Action: list(statement.Action) as string[],
      Resource: list(statement.Resource),
    }));
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
  const text = JSON.stringify(value);
  return [
    ...[...text.matchAll(/"Ref":"([^"]+)"/g)].map(([, id]) => id ?? ''),
    ...[...text.matchAll(/"Fn::GetAtt":\["([^"]+)"/g)].map(([, id]) => id ?? ''),
    ...[...text.matchAll(/\$\{([A-Za-z0-9]+)(?:\.[A-Za-z]+)?\}/g)].map(([, id]) => id ?? ''),
  ];
}
