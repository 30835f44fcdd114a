import { describe, expect, it } from 'vitest';
import { settings } from '../../shared/config.ts';
import { bundleOf, functions, referencesOf, resourcesOf, template } from './template.ts';

describe.each(functions.map((part) => [part.folder, part] as const))('function %s', (folder, part) => {
  it('has a timeout of its own', () => {
    expect(part.properties.Timeout).toBeGreaterThan(0);
  });

  it('keeps its log for a limited time', () => {
    const name = part.properties.FunctionName;
    const group = resourcesOf('AWS::Logs::LogGroup').find(
      ([, { Properties }]) => Properties.LogGroupName === `/aws/lambda/${String(name)}`,
    );
    expect(group?.[1].Properties.RetentionInDays).toBeGreaterThan(0);
  });

  it('has an alarm', () => {
    const alarms = resourcesOf('AWS::CloudWatch::Alarm').filter(([, { Properties }]) =>
      referencesOf(Properties.Dimensions ?? []).includes(part.logicalId),
    );
    expect(alarms.length).toBeGreaterThan(0);
  });

  it('is given no variable that it does not read', () => {
    const { Variables } = part.properties.Environment as { Variables: Record<string, unknown> };
    const bundle = bundleOf(folder);
    const unread = Object.keys(Variables).filter(
      (variable) => !variable.startsWith('POWERTOOLS_') && !readBy(bundle, folder).has(variable),
    );
    expect(unread).toEqual([]);
  });
});

/** Variables whose settings the function's handler names; the table of all settings is in every bundle. */
function readBy(bundle: string, folder: string): Set<string> {
  const calls = [...bundle.matchAll(/\(\[((?:"\w+",?)+)\]/g)].flatMap(([, names]) =>
    [...(names ?? '').matchAll(/"(\w+)"/g)].map(([, name]) => name ?? ''),
  );
  const variables = calls.flatMap((name) =>
    name in settings ? settings[name as keyof typeof settings].variable : [],
  );
  if (variables.length === 0) throw new Error(`No settings were found in the bundle of ${folder}.`);
  return new Set(variables);
}

describe('the template', () => {
  it('stays below the limit of 500 resources with three sources', () => {
    const resources = Object.keys(template.Resources);
    const ofOneSource = resources.filter((logicalId) => logicalId.endsWith('Postgres'));
    expect(ofOneSource.length).toBeGreaterThan(5);
    expect(resources.length + 2 * ofOneSource.length).toBeLessThan(500);
  });
});
