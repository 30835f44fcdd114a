import { expect, test } from 'vitest';
import { diagnosisCodes } from '../../shared/rules/diagnosis.ts';
import { ownTests, scenarios } from './scenarios.ts';

test('every cause that a diagnosis can name is produced, and nothing else', () => {
  const produced = new Set([...scenarios.map(({ code }) => code), ...ownTests]);
  expect([...produced].sort()).toEqual([...diagnosisCodes].sort());
});
