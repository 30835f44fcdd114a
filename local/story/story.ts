import type { Scenario } from './play.ts';
import { acceptance } from './scenarios/acceptance.ts';
import { connection } from './scenarios/connection.ts';
import { failure } from './scenarios/failure.ts';
import { increment } from './scenarios/increment.ts';
import { source } from './scenarios/source.ts';
import { strangers } from './scenarios/stranger.ts';
import type { Stage } from './stage.ts';

/** The whole job, from a private database to a message that is taken back. */
export const story: Scenario<Stage>[] = [source, acceptance, connection, increment, failure, strangers];
