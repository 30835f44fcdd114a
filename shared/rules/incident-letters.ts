import type { Incident, Letter } from '../contracts/incident.ts';
import { isBroken } from './incident-problems.ts';

const mostLetters = 30;

/**
 * Puts a letter in the outbox. While the first message has not left there is nothing to add to it: it will show
 * everything by itself. A letter of the same kind that has not left is replaced, so that an outage of Slack ends in a
 * few messages and not in hundreds.
 */
export function writeLetter(incident: Incident, kind: Letter['kind'], text: string, now: Date): Incident {
  const waitsForFirst = incident.letters.some((letter) => letter.kind === 'first');
  if (kind !== 'first' && (waitsForFirst || incident.storm !== undefined)) return incident;
  const letter: Letter = {
    id: `${incident.id}/${String(incident.lettersWritten + 1)}`,
    kind,
    writtenAt: now.toISOString(),
    text,
  };
  const kept = incident.letters.filter((other) => other.kind !== kind);
  return {
    ...incident,
    letters: [...kept, letter].slice(-mostLetters),
    lettersWritten: incident.lettersWritten + 1,
  };
}

/** People are called once more, by a letter that mentions them. */
export function callAgain(incident: Incident, text: string, now: Date): Incident {
  return writeLetter({ ...incident, escalatedAt: now.toISOString() }, 'escalation', text, now);
}

/** Whether Slack has yet to be told something by this incident's own message or thread. */
export const hasPost = (incident: Incident): boolean =>
  incident.letters.length > 0 ||
  (incident.posted?.ts !== undefined && incident.storm === undefined && incident.shown < incident.revision);

/** Notes that a letter is about to leave: should its delivery not be recorded, it may have arrived. */
export const letterTried = (incident: Incident, letterId: string, now: Date): Incident => ({
  ...incident,
  letters: incident.letters.map((letter) =>
    letter.id === letterId ? { ...letter, triedAt: now.toISOString() } : letter,
  ),
});

/** The letter certainly did not arrive. */
export const letterCameBack = (incident: Incident, letterId: string): Incident => ({
  ...incident,
  letters: incident.letters.map((letter) =>
    letter.id === letterId ? { ...letter, triedAt: undefined } : letter,
  ),
});

/** The incident once Slack has a letter. `revision` is the one that was shown. */
export function letterDelivered(
  incident: Incident,
  letterId: string,
  posted: { channel: string; ts?: string },
  revision: number,
  now: Date,
): Incident {
  const letter = incident.letters.find(({ id }) => id === letterId);
  if (letter === undefined) return incident;
  const left = { ...incident, letters: incident.letters.filter(({ id }) => id !== letterId) };
  const at = now.toISOString();
  return letter.kind === 'first'
    ? { ...left, posted: { ...posted, at }, shown: revision, spokenAt: at }
    : { ...left, spokenAt: at };
}

/** The incident once its first message shows `revision`. */
export const firstMessageShows = (incident: Incident, revision: number): Incident => ({
  ...incident,
  shown: Math.max(incident.shown, revision),
});

/** Whether it was over before anybody was told, and no message is on its way. */
export const isUnheard = (incident: Incident): boolean =>
  incident.posted === undefined &&
  incident.storm === undefined &&
  !isBroken(incident) &&
  incident.letters.every(({ triedAt }) => triedAt === undefined);

/** The incident as one of a storm: its own letters are dropped, the storm's message tells of it. */
export const joinStorm = (incident: Incident, storm: string, place: number): Incident => ({
  ...incident,
  storm,
  stormPlace: place,
  letters: [],
});
