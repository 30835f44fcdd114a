import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { settings } from '../shared/config.ts';
import { packageService, templatePath } from './package.ts';
import { declaredParameters } from './parameters.ts';

const root = path.resolve(import.meta.dirname, '..');
export const configurationPath = 'docs/configuration.md';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => (text === '' ? 'empty' : `\`${cell(text)}\``);

/** docs/configuration.md, made from what the code and the template really read. */
export async function configurationPage(): Promise<string> {
  const parameters = Object.entries(declaredParameters()).map(
    ([name, { Type, Default, Description, AllowedPattern, AllowedValues }]) =>
      `| \`${name}\` | ${cell(Description)} | ${code(AllowedValues?.join(', ') ?? AllowedPattern ?? Type)} | ${Default === undefined ? '**required**' : code(String(Default))} |`,
  );
  const variables = Object.values(settings).map((setting) => {
    const fallback = 'fallback' in setting ? code(setting.fallback) : '**required**';
    return `| \`${setting.variable}\` | ${cell(setting.description)} | ${fallback} |`;
  });

  const page = `<!-- Made by npm run docs from resources/parameters.yml and shared/config.ts. Change those. -->

# Configuration

A deployment chooses by parameters. They become the functions' environment; nobody sets a variable by hand. A wrong
value stops a function at its first invocation with a sentence that names every wrong setting.

## Parameters of the stack

| parameter | meaning | form | default |
|---|---|---|---|
${parameters.join('\n')}

## Environment of the functions

A function is given only the variables that it reads; a test of the packaged template holds that.

| variable | meaning | default |
|---|---|---|
${variables.join('\n')}
`;
  return format(page, { ...(await resolveConfig(path.join(root, configurationPath))), parser: 'markdown' });
}

export const permissionsPath = 'docs/permissions.md';

interface Template {
  Resources: Record<
    string,
    {
      Type: string;
      Properties: Record<string, unknown> & {
        Handler?: string;
        Role?: { 'Fn::GetAtt': [string, string] };
        VpcConfig?: unknown;
        Policies?: { PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } }[];
      };
    }
  >;
}

/** docs/permissions.md: what each function's role allows, read off the packaged template. */
export async function permissionsPage(): Promise<string> {
  const { Resources } = JSON.parse(await readFile(path.join(root, templatePath), 'utf8')) as Template;
  const rows = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => {
      const folder = /\.build\/([^/]+)\//.exec(Properties.Handler ?? '')?.[1] ?? '';
      const role = Resources[Properties.Role?.['Fn::GetAtt'][0] ?? ''];
      const grants = (role?.Properties.Policies ?? [])
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .map(({ Action, Resource }) => ({ actions: [Action].flat(), resource: resourceInWords(Resource) }))
        .map(({ actions, resource }) => ({
          actions: actions.filter((action) => !ofTheRuntime.test(action)),
          resource,
        }))
        .filter(({ actions }) => actions.length > 0)
        .map(
          ({ actions, resource }) => `${actions.map((action) => `\`${action}\``).join(', ')} on ${resource}`,
        );
      const network = Properties.VpcConfig === undefined ? 'internet' : 'VPC';
      return `| \`${folder}\` | ${network} | ${cell(grants.join('; ') || 'nothing')} |`;
    })
    .sort();
  const page = `<!-- Made by npm run docs from the packaged template. -->

# Permissions

What each function's own role allows, beside what Lambda needs around every function: its log group, tracing, its
network interface in the VPC, the stack's key for reading secrets, and the queue for what it could not handle.

| function | network | may |
|---|---|---|
${rows.join('\n')}
`;
  return format(page, { ...(await resolveConfig(path.join(root, permissionsPath))), parser: 'markdown' });
}

const ofTheRuntime =
  /^(logs:|xray:|kms:|sqs:SendMessage$|ec2:\w+(NetworkInterfaces?|PrivateIpAddresses)$|ec2:DescribeSubnets$)/;

/** The last, telling part of each ARN. */
function resourceInWords(resource: unknown): string {
  const parts = [resource].flat().map((item) => {
    const text = JSON.stringify(item);
    const reference = /"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/.exec(text)?.[1];
    const tail =
      /:((?:secret|event-bus|targetgroup|vpc-endpoint[\w-]*|execution|stateMachine)[:/][^"]*)"/.exec(
        text,
      )?.[1];
    return item === '*' ? 'all (the action has no resource level)' : (tail ?? reference ?? text);
  });
  return parts.map((part) => (part.startsWith('all') ? part : `\`${part}\``)).join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await packageService({ ifChanged: true });
  for (const [file, page] of [
    [configurationPath, configurationPage],
    [permissionsPath, permissionsPage],
  ] as const) {
    await writeFile(path.join(root, file), await page());
    console.log(`Wrote ${file}`);
  }
}
