import type { Incident, Letter, Problem } from '../contracts/incident.ts';
import { context, escapeWithin, plainHeadline, section, type Block } from './block-kit.ts';
import { shownProblems } from './incident-problems.ts';
import { outside, subjectName, withClock } from './message-text.ts';
import type { Message, MessageSurroundings } from './message.ts';
import { commandsOf, remedyOf, whyOf } from './problem-blocks.ts';

/** A reply in an incident's thread, or, where there are no threads, a message of its own. */
export function renderLetter(
  letter: Letter,
  incident: Incident,
  surroundings: MessageSurroundings,
  options: { threads: boolean },
): Message & { broadcast: boolean } {
  const [worst] = shownProblems(incident);
  const name = subjectName(incident.subject);
  const sign = letterSigns[letter.kind];
  const named = letter.text.includes(name) ? letter.text : `${name}: ${letter.text}`;
  const mentions = letter.kind === 'escalation' || letter.kind === 'reminder';
  const mention = mentions && surroundings.mention !== '' ? `  ${surroundings.mention}` : '';
  const said = options.threads ? letter.text : named;
  return {
    text: escapeWithin(plainHeadline(`${sign} ${withClock(named)}`), 400),
    blocks: [
      section(`${sign} ${outside(said, 2_500)}${mention}`),
      ...(worst === undefined ? [] : letterDetails(letter, worst, surroundings, options.threads)),
    ],
    broadcast: mentions,
  };
}

const letterSigns: Record<Letter['kind'], string> = {
  first: '🔴',
  again: '🔁',
  also: '➕',
  flapping: '〰️',
  escalation: '🚨',
  reminder: '⏰',
  recovered: '✅',
};

/** A repeat says why, which may have changed; where there is no thread with it at its top, a reminder how to decide. */
function letterDetails(
  letter: Letter,
  worst: Problem,
  surroundings: MessageSurroundings,
  threads: boolean,
): Block[] {
  if (letter.kind === 'reminder') {
    return threads
      ? [context('How to decide is said at the top of this thread.')]
      : commandsOf(worst, surroundings);
  }
  if (letter.kind === 'again' || letter.kind === 'also')
    return [...whyOf(worst.content), ...remedyOf(worst.content)];
  return [];
}
