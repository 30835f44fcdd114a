import { parseArgs } from 'node:util';

/** What a person may ask of `npm start`. */
export interface Options {
  help: boolean;
  /** The AWS account that plays Fivetran's. */
  fivetranAccount: string | undefined;
  loseRow: boolean;
  slackDown: boolean;
}

/** The command line is not understood. The message says what is wrong with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `Usage: npm start -- [switches]

Boots the whole service on this machine, plays its story from the first request to the last resolved alert, and
writes .local/report.html. Exits 0 when every expectation is met, 1 when one is not (and names the step), 2 when the
story could not be played.

Switches that break the story on purpose, to see that it notices:
  --fivetran-account <12 digits>  Fivetran asks from this AWS account instead of its own, 834469178297
  --lose-row                      Fivetran loses one changed row on its way to Databricks and calls it a success
  --slack-down                    Slack refuses every message

  --help                          shows this
`;

/** @throws UsageError */
export function readOptions(args: string[]): Options {
  const { values } = parse(args);
  const fivetranAccount = values['fivetran-account'];
  if (fivetranAccount !== undefined && !/^\d{12}$/.test(fivetranAccount)) {
    throw new UsageError(
      `--fivetran-account takes an AWS account of 12 digits, not ${JSON.stringify(fivetranAccount)}.`,
    );
  }
  return {
    help: values.help,
    fivetranAccount,
    loseRow: values['lose-row'],
    slackDown: values['slack-down'],
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        'fivetran-account': { type: 'string' },
        'lose-row': { type: 'boolean', default: false },
        'slack-down': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${problem.split('. ')[0] ?? problem}. See npm start -- --help`);
  }
}
