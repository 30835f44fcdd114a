import type { Subject } from '../../contracts/subject.ts';
import type { LedgerTable } from './table.ts';

/** That something is wrong, and whether on-call knows. */
export interface NotedCondition {
  /** When it was seen first. Our clock. */
  since: string;
  told: boolean;
}

/** Memory of what is wrong with a subject just now, by the kind of alert that tells of it. */
export interface Conditions {
  /** Undefined while nothing is wrong. */
  read(subject: Subject, kind: string): Promise<NotedCondition | undefined>;
  note(subject: Subject, kind: string, condition: NotedCondition): Promise<void>;
  forget(subject: Subject, kind: string): Promise<void>;
}

export function createConditions(table: Pick<LedgerTable, 'get' | 'put' | 'delete'>): Conditions {
  const keyOf = ({ type, id }: Subject, kind: string) => ({ pk: `condition#${type}#${id}`, sk: kind });
  return {
    async read(subject, kind) {
      const item = await table.get(keyOf(subject, kind));
      return typeof item?.since === 'string' ? { since: item.since, told: item.told === true } : undefined;
    },
    async note(subject, kind, condition) {
      await table.put({ ...keyOf(subject, kind), ...condition });
    },
    async forget(subject, kind) {
      await table.delete(keyOf(subject, kind));
    },
  };
}
