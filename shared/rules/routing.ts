import type { Severity } from '../contracts/incident.ts';
import type { Subject } from '../contracts/subject.ts';

/** Where an alert goes and whom it mentions, for those alerts that fit every condition given. */
export interface Route {
  connection?: string;
  group?: string;
  severity?: Severity;
  channel?: string;
  mention?: string;
}

const names = ['connection', 'group', 'severity', 'channel', 'mention'] as const;

/**
 * Routes from their parameter: rules separated by `;`, of `name=value` pairs separated by `,`, for instance
 * `severity=critical,mention=<!channel>; group=projected_sickle,channel=C0SALES`. Conditions are `connection` (its id
 * or name), `group` (its id) and `severity`; `channel` and `mention` say what then holds.
 *
 * @throws Error whose message says which rule is wrong
 */
export function readRoutes(text: string): Route[] {
  return text
    .split(';')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '')
    .map(readRoute);
}

function readRoute(rule: string): Route {
  const route: Route = {};
  for (const pair of rule.split(',')) {
    const [name = '', ...rest] = pair.split('=');
    const value = rest.join('=').trim();
    set(route, name.trim(), value, rule);
  }
  if (route.connection === undefined && route.group === undefined && route.severity === undefined) {
    throw new Error(`must name a connection, group or severity in each rule; "${rule}" names none`);
  }
  if (route.channel === undefined && route.mention === undefined) {
    throw new Error(`must give a channel or a mention in each rule; "${rule}" gives none`);
  }
  return route;
}

function set(route: Route, name: string, value: string, rule: string): void {
  const known = names.find((candidate) => candidate === name);
  if (known === undefined || value === '') {
    throw new Error(`must be rules of name=value with the names ${names.join(', ')}; "${rule}" is not`);
  }
  if (known !== 'severity') route[known] = value;
  else if (value === 'critical' || value === 'warning' || value === 'information') route.severity = value;
  else throw new Error(`knows the severities critical, warning and information; "${rule}" has another`);
}

/** What a rule's `connection` may call this subject. What is foreseen of a connection is `<source>/<its id>`. */
export const routedNames = ({ id, name }: Subject): string[] => [id, name, id.slice(id.lastIndexOf('/') + 1)];

/** Channel and mention of one alert: of each, the first route that fits and gives it; otherwise the default. */
export function routeOf(
  alert: { connection: readonly string[]; group: string | undefined; severity: Severity },
  routes: readonly Route[],
  fallback: { channel: string; mention: string },
): { channel: string; mention: string } {
  const fitting = routes.filter(
    ({ connection, group, severity }) =>
      (connection === undefined || alert.connection.includes(connection)) &&
      (group === undefined || group === alert.group) &&
      (severity === undefined || severity === alert.severity),
  );
  return {
    channel: fitting.find(({ channel }) => channel !== undefined)?.channel ?? fallback.channel,
    mention: fitting.find(({ mention }) => mention !== undefined)?.mention ?? fallback.mention,
  };
}
