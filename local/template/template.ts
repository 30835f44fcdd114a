import { readFile } from 'node:fs/promises';
import { isJsonObject, parseJson, type Json, type JsonObject } from '../json.ts';
import { TemplateError } from './intrinsics.ts';

/** A parameter of the template: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html */
export interface TemplateParameter {
  type: string;
  default: string | undefined;
  allowedPattern: string | undefined;
  allowedValues: string[] | undefined;
}

export interface TemplateResource {
  logicalId: string;
  type: string;
  properties: JsonObject;
  dependsOn: string[];
  condition: string | undefined;
}

/** A CloudFormation template, read but not resolved. */
export interface Template {
  parameters: Map<string, TemplateParameter>;
  conditions: JsonObject;
  mappings: JsonObject;
  resources: Map<string, TemplateResource>;
  outputs: Map<string, Json>;
}

/**
 * The template in the file.
 *
 * @throws TemplateError when the file is missing or is not a template, saying how to make it
 */
export async function readTemplate(file: string): Promise<Template> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new TemplateError(`There is no packaged template at ${file}: run "npm run package".`);
  });
  let source: Json;
  try {
    source = parseJson(text);
  } catch {
    throw new TemplateError(`${file} is not JSON: run "npm run package" to make it again.`);
  }
  if (!isJsonObject(source) || !isJsonObject(source.Resources)) {
    throw new TemplateError(
      `${file} is not a CloudFormation template: run "npm run package" to make it again.`,
    );
  }
  return parseTemplate(source);
}

/** @throws TemplateError when a part has not the form of a template */
export function parseTemplate(source: JsonObject): Template {
  return {
    parameters: new Map(
      entriesOf(source.Parameters).map(([name, value]) => [name, parameterOf(name, value)]),
    ),
    conditions: isJsonObject(source.Conditions) ? source.Conditions : {},
    mappings: isJsonObject(source.Mappings) ? source.Mappings : {},
    resources: new Map(entriesOf(source.Resources).map(([id, value]) => [id, resourceOf(id, value)])),
    outputs: new Map(
      entriesOf(source.Outputs).map(([name, value]) => [
        name,
        isJsonObject(value) ? (value.Value ?? null) : null,
      ]),
    ),
  };
}

function entriesOf(value: Json | undefined): [string, Json][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

function parameterOf(name: string, value: Json): TemplateParameter {
  if (!isJsonObject(value) || typeof value.Type !== 'string') {
    throw new TemplateError(`Parameters.${name} has no Type.`);
  }
  const { Default: fallback, AllowedPattern: pattern, AllowedValues: values } = value;
  return {
    type: value.Type,
    default: typeof fallback === 'string' || typeof fallback === 'number' ? String(fallback) : undefined,
    allowedPattern: typeof pattern === 'string' ? pattern : undefined,
    allowedValues: Array.isArray(values)
      ? values.map((item) => JSON.stringify(item).replaceAll('"', ''))
      : undefined,
  };
}

function resourceOf(logicalId: string, value: Json): TemplateResource {
  if (!isJsonObject(value) || typeof value.Type !== 'string') {
    throw new TemplateError(`Resources.${logicalId} has no Type.`);
  }
  const { DependsOn: dependsOn = [], Condition: condition, Properties: properties } = value;
  return {
    logicalId,
    type: value.Type,
    properties: isJsonObject(properties) ? properties : {},
    dependsOn: [dependsOn].flat().filter((item) => typeof item === 'string'),
    condition: typeof condition === 'string' ? condition : undefined,
  };
}
