import { forgetSurroundings } from '../../local/surroundings.ts';

/** Tests mean the servers that they start themselves, whatever AWS profile or proxy the person who runs them uses. */
forgetSurroundings();
