import { isJsonObject, type Json } from '../../json.ts';
import { PolicyError, readCondition, type Context } from './conditions.ts';
import { patterns, type Patterns } from './patterns.ts';

/** One `Allow` of a policy. The template denies nothing by a statement; whoever adds that gets a PolicyError. */
export interface Allowance {
  /** Services that it lets in; none in a role's own policy. */
  principals: readonly string[];
  actions: Patterns;
  resources: Patterns;
  holds: (context: Context) => boolean;
}

/**
 * The allowances of a policy document.
 *
 * @throws PolicyError for what is not judged here
 */
export function readStatements(document: Json | undefined): Allowance[] {
  if (!isJsonObject(document)) return [];
  return [document.Statement ?? []].flat().flatMap((statement) => {
    if (!isJsonObject(statement)) return [];
    if (statement.Effect !== 'Allow') throw new PolicyError('A statement that denies is not judged here.');
    const service = isJsonObject(statement.Principal) ? statement.Principal.Service : undefined;
    return [
      {
        principals: [service ?? []].flat().filter((principal) => typeof principal === 'string'),
        actions: patterns(statement.Action),
        resources: patterns(statement.Resource),
        holds: readCondition(statement.Condition),
      },
    ];
  });
}
