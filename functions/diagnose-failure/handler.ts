import { FailureToDiagnose } from '../../shared/contracts/diagnosis.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { diagnoseFailure } from './diagnose-failure.ts';

export const handler = createHandler({
  name: 'diagnose-failure',
  parse: (event) => parse(FailureToDiagnose, event, 'The failure'),
  setUp: () => undefined,
  run: diagnoseFailure,
});
