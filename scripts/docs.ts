import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';
import { settings } from '../shared/config.ts';

const root = path.resolve(import.meta.dirname, '..');
export const configurationPath = 'docs/configuration.md';

interface Parameter {
  Type: string;
  Default?: string | number;
  Description: string;
  AllowedPattern?: string;
  AllowedValues?: string[];
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => (text === '' ? 'empty' : `\`${cell(text)}\``);

/** docs/configuration.md, made from what the code and the template really read. */
export async function configurationPage(): Promise<string> {
  const text = await readFile(path.join(root, 'resources/parameters.yml'), 'utf8');
  const { Parameters } = parse(text) as { Parameters: Record<string, Parameter> };

  const parameters = Object.entries(Parameters).map(
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(path.join(root, configurationPath), await configurationPage());
  console.log(`Wrote ${configurationPath}`);
}
