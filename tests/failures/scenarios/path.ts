import { sourceTargets } from '../move-source.ts';
import type { Scenario } from '../scenario.ts';

/** What breaks between Fivetran and PostgreSQL. */
export const pathScenarios: Scenario[] = [
  {
    code: 'targets-unhealthy',
    says: 'Evidence',
    breaks: async (stage) => {
      const targets = await sourceTargets(stage);
      const registered = await targets.registered();
      await targets.deregister(registered);
      return () => targets.register(registered);
    },
  },
  {
    code: 'connection-lost',
    says: 'the database cannot be reached',
    breaks: async ({ stack, whileFivetranReads }) => {
      await whileFivetranReads(() => stack.link.cut());
      return () => undefined;
    },
  },
];
