import * as z from 'zod/mini';
import { cleanLine, cleanText } from '../../shared/rules/clean-text.ts';
import type { ProblemReport } from '../../shared/rules/incident-report.ts';
import { thrownMessage } from '../../shared/rules/thrown-message.ts';
import { subjectOfInput } from './execution-subject.ts';
import type { NotifyInput } from './notify-input.ts';
import { emptyContent, limits, toInstant } from './report-form.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
const StatusChange = z.object({
  executionArn: z.string(),
  name: z._default(z.string(), ''),
  status: z.string(),
  stopDate: z.optional(z.nullable(z.number())),
  input: z.optional(z.nullable(z.string())),
  error: z.optional(z.nullable(z.string())),
  cause: z.optional(z.nullable(z.string())),
});

/** What the end of an execution says; undefined when the event does not have the form that AWS describes. */
export function readStatusChange({
  id,
  time,
  detail,
}: {
  id: string;
  time: string;
  detail: unknown;
}): NotifyInput | undefined {
  const read = z.safeParse(StatusChange, detail);
  if (!read.success) return undefined;
  const { executionArn, name, status, input, error, cause, stopDate } = read.data;
  const machine = executionArn.split(':')[6] ?? 'a state machine';
  const at = typeof stopDate === 'number' ? new Date(stopDate).toISOString() : toInstant(time);
  const subject = subjectOfInput(input ?? '') ?? {
    type: 'execution',
    id: cleanLine(machine, 200),
    name: machine,
  };
  if (status === 'SUCCEEDED') {
    const recovery = `execution:${executionArn}:${status}`;
    return { kind: 'report', report: { phase: 'resolved', id: recovery, at, subject, scope: 'execution' } };
  }
  const ended = { FAILED: 'failed', TIMED_OUT: 'ran out of time', ABORTED: 'was stopped by hand' }[status];
  const why = [error, thrownMessage(cause ?? '')]
    .filter((part) => part !== null && part !== undefined && part !== '')
    .join(': ');
  const report: ProblemReport = {
    phase: 'problem',
    id: `execution:${executionArn}:${status}:${stopDate === undefined ? id : at}`,
    at,
    subject,
    kind: 'execution-failed',
    severity: status === 'ABORTED' ? 'warning' : 'critical',
    summary: cleanLine(`${machine} ${ended ?? status}${why === '' ? '' : `: ${why}`}`, limits.line),
    since: at,
    content: {
      ...emptyContent,
      executionArn,
      ...(why === '' ? {} : { cause: cleanText(why, limits.cause) }),
      remedy:
        status === 'ABORTED'
          ? 'If nobody stopped it on purpose, start it again with the same input.'
          : 'Open the execution: the red state says what failed. Mend that, then start the machine again with the same input.',
      facts: [
        { label: 'State machine', value: cleanLine(machine, limits.value) },
        { label: 'Execution', value: cleanLine(name, limits.value) },
      ],
    },
  };
  const named = `${input ?? ''} ${cause ?? ''}`.match(
    /arn:aws[a-z-]*:states:[^"'\\\s]+:execution:[^"'\\\s]+/g,
  );
  return {
    kind: 'execution',
    report,
    executionArns: [...new Set([executionArn, ...(named ?? [])])].slice(0, 10),
  };
}
