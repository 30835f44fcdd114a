import type { Json } from '../../json.ts';

/** Whether a text matches one of some patterns. */
export type Patterns = (text: string) => boolean;

/** `*` and `?` as IAM reads them: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
export function patterns(value: Json | undefined): Patterns {
  const expressions = [value ?? []].flat().flatMap((text) => {
    if (typeof text !== 'string') return [];
    const escaped = text
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return [new RegExp(`^${escaped}$`, 'i')];
  });
  return (text) => expressions.some((expression) => expression.test(text));
}
