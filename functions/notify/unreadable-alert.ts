import * as z from 'zod/mini';
import { Subject } from '../../shared/contracts/subject.ts';
import { cleanLine, cleanText } from '../../shared/rules/clean-text.ts';
import type { ProblemReport } from '../../shared/rules/incident-report.ts';
import { subjectOfInput } from './execution-subject.ts';
import { digest, emptyContent, jsonOf, limits } from './report-form.ts';

/** An alert whose details do not parse is still an alert. */
export function unreadableAlert(event: unknown, now: Date): ProblemReport {
  const envelope = z.safeParse(z.object({ detail: z.unknown(), id: z.optional(z.string()) }), event);
  const detail = envelope.success ? envelope.data.detail : event;
  const words = z.safeParse(z.object({ summary: z.string() }), detail);
  const at = now.toISOString();
  return {
    phase: 'problem',
    id: `unreadable:${(envelope.success ? envelope.data.id : undefined) ?? digest(event, at)}`,
    at,
    subject: subjectOf(detail) ?? { type: 'execution', id: 'unreadable', name: 'An alert' },
    kind: 'unreadable-alert',
    severity: 'warning',
    summary: words.success
      ? cleanLine(`could not be read whole: ${words.data.summary}`, limits.line)
      : 'could not be read; it is shown as it came.',
    since: at,
    content: {
      ...emptyContent,
      raw: cleanText(typeof event === 'string' ? event : jsonOf(event), limits.raw),
      remedy:
        'Read it below and act on it. Then tell the maintainers: sender and reader disagree about its form.',
    },
  };
}

function subjectOf(detail: unknown): Subject | undefined {
  const read = z.safeParse(z.object({ subject: Subject }), detail);
  return read.success ? read.data.subject : subjectOfInput(jsonOf(detail));
}
