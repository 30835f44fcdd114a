/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = Record<string, Json>;

/** Whether the value is JSON: no undefined, no functions, no dates, all the way down. */
export function isJson(value: unknown): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== 'object') return false;
  return Object.values(value).every(isJson);
}

/** Whether the JSON value is an object, and so neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isJson(value);
}

/**
 * The value as JSON would carry it: fields without a value are gone, dates are text, no value at all is null.
 *
 * @throws TypeError for what JSON cannot say (a cycle, a bigint)
 */
export function toJson(value: unknown): Json {
  if (value === undefined) return null;
  const text: unknown = JSON.stringify(value);
  return typeof text === 'string' ? parseJson(text) : null;
}

/** @throws SyntaxError when the text is not JSON */
export function parseJson(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (!isJson(value)) throw new SyntaxError('The text is not JSON.');
  return value;
}
