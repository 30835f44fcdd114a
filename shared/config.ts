import { ConfigError } from './errors.ts';
import { readRoutes } from './rules/routing.ts';

interface Setting<Value> {
  /** Name of the environment variable. */
  variable: string;
  /** What it means, for docs/configuration.md. */
  description: string;
  /** Used when the variable is not set; a setting without one is required. */
  fallback?: string;
  /** Turns the text into the value, or throws an Error whose message says what it must be. */
  read: (text: string) => Value;
}

const text = (value: string): string => value;

const url = (value: string): string => {
  if (!URL.canParse(value)) throw new Error('must be a URL, for instance https://api.fivetran.com');
  return value.replace(/\/+$/, '');
};

const wholeNumber =
  (least: number, most: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) {
      throw new Error(`must be a whole number from ${String(least)} to ${String(most)}`);
    }
    return number;
  };

const list =
  (form: RegExp, example: string) =>
  (value: string): readonly string[] => {
    const items = value.split(',').map((item) => item.trim());
    if (items.some((item) => !form.test(item))) {
      throw new Error(`must be a comma-separated list like ${example}`);
    }
    return items;
  };

const targetGroups = (value: string): readonly { source: string; arn: string }[] => {
  if (value === '') return [];
  const form = /^[a-z][a-z0-9-]*=arn:[^:]+:elasticloadbalancing:[^:]+:\d+:targetgroup\/.+$/;
  return list(
    form,
    'postgres=arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/pg/0123',
  )(value).map((item) => {
    const separator = item.indexOf('=');
    return { source: item.slice(0, separator), arn: item.slice(separator + 1) };
  });
};

const octet = String.raw`(25[0-5]|2[0-4]\d|1?\d?\d)`;
const range = new RegExp(String.raw`^${octet}(\.${octet}){3}/(\d|[12]\d|3[0-2])$`);

/** Every setting that a function may read: the only description of the service's environment. */
export const settings = {
  region: {
    variable: 'AWS_REGION',
    description: 'Region of the stack; set by Lambda.',
    read: text,
  },
  stackName: {
    variable: 'STACK_NAME',
    description: "Name of the stack: services that carry another one's tag are left alone.",
    read: text,
  },
  ledgerTable: {
    variable: 'LEDGER_TABLE',
    description: 'Name of the DynamoDB table that is the ledger.',
    read: text,
  },
  eventBusName: {
    variable: 'EVENT_BUS_NAME',
    description: "Name of the stack's own event bus.",
    read: text,
  },
  fivetranBaseUrl: {
    variable: 'FIVETRAN_BASE_URL',
    description: "Base URL of Fivetran's REST API.",
    fallback: 'https://api.fivetran.com',
    read: url,
  },
  fivetranSecretId: {
    variable: 'FIVETRAN_SECRET_ID',
    description: 'Secret with Fivetran\'s API key: {"apiKey": "…", "apiSecret": "…"}.',
    read: text,
  },
  setupTestsPerHour: {
    variable: 'SETUP_TESTS_PER_HOUR',
    description: "Setup tests that Fivetran's plan allows an account in an hour: 2500, and 50 in a trial.",
    fallback: '2500',
    read: wholeNumber(10, 100_000),
  },
  webhookSecretId: {
    variable: 'WEBHOOK_SECRET_ID',
    description:
      'Secret that signs Fivetran\'s webhooks: {"current": "…", "previous": "…"}; previous is optional.',
    read: text,
  },
  webhookUrl: {
    variable: 'WEBHOOK_URL',
    description: "Where Fivetran's webhook reaches us.",
    read: url,
  },
  sourceSecretPrefix: {
    variable: 'SOURCE_SECRET_PREFIX',
    description:
      'Secrets of the PostgreSQL sources are named by this prefix and the source\'s name: {"username", "password", "host", "port", "dbname", "ca"}; ca (PEM) is optional.',
    read: text,
  },
  databricksSecretId: {
    variable: 'DATABRICKS_SECRET_ID',
    description:
      'Secret for the Databricks SQL warehouse: {"host": "https://…", "warehouseId": "…"} and either "token" or "clientId" and "clientSecret".',
    read: text,
  },
  slackSecretId: {
    variable: 'SLACK_SECRET_ID',
    description: 'Secret for Slack: {"botToken": "xoxb-…"} or {"webhookUrl": "https://hooks.slack.com/…"}.',
    read: text,
  },
  slackBaseUrl: {
    variable: 'SLACK_BASE_URL',
    description: "Base URL of Slack's Web API.",
    fallback: 'https://slack.com/api',
    read: url,
  },
  slackChannel: {
    variable: 'SLACK_CHANNEL',
    description:
      'Id of the channel that alerts go to, for instance C0123456789. Until it is given, alerts wait in the ledger.',
    fallback: '',
    read: text,
  },
  slackMention: {
    variable: 'SLACK_MENTION',
    description:
      "Whom the first message of an incident mentions, in Slack's own syntax, for instance <!subteam^S0123>.",
    fallback: '<!here>',
    read: text,
  },
  slackRouting: {
    variable: 'SLACK_ROUTING',
    description:
      'Where some alerts go instead: rules separated by ;, each with connection= (its id or name), group= (its id in Fivetran) or severity= (critical, warning, information), and channel= or mention=, for instance "severity=critical,mention=<!channel>; group=projected_sickle,channel=C0SALES". Of channel and mention, the first rule that fits decides. A storm has a message in each channel.',
    fallback: '',
    read: readRoutes,
  },
  runbookUrl: {
    variable: 'RUNBOOK_URL',
    description:
      'Web address at which on-call reads docs/runbook.md; messages link to it. Empty: they name the file.',
    fallback: '',
    read: (value: string) => (value === '' ? '' : url(value)),
  },
  acceptEndpointMachineArn: {
    variable: 'ACCEPT_ENDPOINT_MACHINE_ARN',
    description:
      'ARN of the state machine that decides about endpoint requests, for the commands in messages.',
    read: text,
  },
  fivetranAccounts: {
    variable: 'FIVETRAN_ACCOUNTS',
    description: "AWS accounts that Fivetran's endpoints belong to.",
    fallback: '834469178297',
    read: list(/^\d{12}$/, '834469178297'),
  },
  allowedRegions: {
    variable: 'ALLOWED_REGIONS',
    description: 'Regions from which an endpoint may ask to connect.',
    read: list(/^[a-z]{2}(-[a-z]+)+-\d$/, 'us-east-1,eu-west-1'),
  },
  claimWindowHours: {
    variable: 'CLAIM_WINDOW_HOURS',
    description: 'How long after its creation a private link that is already OK may still claim an endpoint.',
    fallback: '72',
    read: wholeNumber(1, 720),
  },
  targetDeadlineMinutes: {
    variable: 'TARGET_DEADLINE_MINUTES',
    description: 'How long an endpoint request waits for healthy targets before it is held.',
    fallback: '30',
    read: wholeNumber(1, 1440),
  },
  verification: {
    variable: 'VERIFICATION',
    description:
      'When an increment is verified for syncs that Fivetran ran by itself: always, never, or every <n>h or <n>m.',
    fallback: 'every 24h',
    read: (value: string): string => {
      if (!/^(always|never|every [1-9]\d*[hm])$/.test(value)) {
        throw new Error('must be always, never, or every <n>h or <n>m, for instance every 24h');
      }
      return value;
    },
  },
  deleteCheckRows: {
    variable: 'DELETE_CHECK_ROWS',
    description:
      'Tables up to this many rows are also checked for rows that the destination should have deleted.',
    fallback: '50000',
    read: wholeNumber(0, 1_000_000),
  },
  markRows: {
    variable: 'MARK_ROWS',
    description: 'Changed rows of one table that a mark holds; of more, a sample of this size is verified.',
    fallback: '20000',
    read: wholeNumber(1, 1_000_000),
  },
  markMegabytes: {
    variable: 'MARK_MEGABYTES',
    description: 'Size of one mark in the ledger, before compression; tables beyond it are skipped.',
    fallback: '32',
    read: wholeNumber(1, 1024),
  },
  markSeconds: {
    variable: 'MARK_SECONDS',
    description: 'Time for one mark; tables beyond it are skipped. Within the five minutes of mark-source.',
    fallback: '180',
    read: wholeNumber(5, 190),
  },
  targetGroups: {
    variable: 'TARGET_GROUPS',
    description: "Target groups that follow the addresses of a source's host: <source>=<ARN>, by commas.",
    fallback: '',
    read: targetGroups,
  },
  vpcRanges: {
    variable: 'VPC_RANGES',
    description: "Address ranges of the target group's VPC.",
    read: list(range, '10.0.0.0/16,10.1.0.0/16'),
  },
  targetRanges: {
    variable: 'TARGET_RANGES',
    description: 'Address ranges outside the VPC that targets may have too; none by default.',
    fallback: 'none',
    read: (value: string): readonly string[] =>
      value === 'none' ? [] : list(range, '10.9.0.0/16, or none')(value),
  },
  statementSeconds: {
    variable: 'STATEMENT_SECONDS',
    description: 'Time for one statement at Databricks, the start of a stopped warehouse included.',
    fallback: '240',
    read: wholeNumber(5, 280),
  },
  markScanMegabytes: {
    variable: 'MARK_SCAN_MEGABYTES',
    description: 'Tables larger than this on disk are not scanned whole for a mark but sampled.',
    fallback: '4096',
    read: wholeNumber(1, 1_000_000),
  },
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof settings;
export type Config<Name extends SettingName> = { [N in Name]: ReturnType<(typeof settings)[N]['read']> };

/**
 * The named settings, read from the environment.
 *
 * @throws ConfigError naming every setting that is missing or malformed, with the offending value.
 */
export function loadConfig<const Name extends SettingName>(
  names: readonly Name[],
  environment: NodeJS.ProcessEnv = process.env,
): Config<Name> {
  const faults: string[] = [];
  const entries = names.map((name) => {
    const setting: Setting<unknown> = settings[name];
    const found = environment[setting.variable] ?? '';
    const value = found === '' ? setting.fallback : found;
    if (value === undefined) {
      faults.push(`${setting.variable} is not set (${setting.description})`);
      return [name, undefined];
    }
    try {
      return [name, setting.read(value)];
    } catch (error) {
      faults.push(
        `${setting.variable} is "${value}" but ${error instanceof Error ? error.message : String(error)}`,
      );
      return [name, undefined];
    }
  });
  if (faults.length > 0) throw new ConfigError(`The function's settings are wrong: ${faults.join('; ')}.`);
  // Object.fromEntries forgets which key has which type; the loop above kept them paired.
  return Object.fromEntries(entries) as Config<Name>;
}
