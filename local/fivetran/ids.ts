import { randomBytes } from 'node:crypto';

const adjectives =
  'amber brisk calm daring eager fabled gentle humble ivory jolly keen lively mellow noble opal patient quiet rustic silent tidy upbeat vivid warm young zesty'.split(
    ' ',
  );
const nouns =
  'anchor beacon cedar delta ember fjord grove harbor island jetty kernel lagoon meadow nectar orchard pebble quarry river summit tundra umbra valley willow yonder zephyr'.split(
    ' ',
  );

/** Makes ids such as `calm_harbor`, as Fivetran's look; never the same twice. */
export function createIds(): () => string {
  const used = new Set<string>();
  return () => {
    for (;;) {
      const [first = 0, second = 0, more = 0] = randomBytes(3);
      const id = `${adjectives[first % adjectives.length] ?? ''}_${nouns[second % nouns.length] ?? ''}${used.size > 200 ? `_${more}${used.size}` : ''}`;
      if (!used.has(id)) {
        used.add(id);
        return id;
      }
    }
  };
}
