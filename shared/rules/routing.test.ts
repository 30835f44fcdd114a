import { expect, test } from 'vitest';
import { readRoutes, routeOf } from './routing.ts';

const fallback = { channel: 'C0MAIN', mention: '<!here>' };
const alert = { connection: ['assimilate_seem', 'rental_pg'], group: 'sales', severity: 'critical' as const };

test('without rules everything goes to the default', () => {
  expect(routeOf(alert, readRoutes(''), fallback)).toEqual(fallback);
});

test('of channel and mention, the first rule that fits and gives it decides', () => {
  const routes = readRoutes(
    'severity=critical,mention=<!channel>; connection=rental_pg,channel=C0RENTAL; group=sales,channel=C0SALES,mention=<!subteam^S1>',
  );
  expect(routeOf(alert, routes, fallback)).toEqual({ channel: 'C0RENTAL', mention: '<!channel>' });
  expect(routeOf({ ...alert, connection: ['x'], severity: 'warning' }, routes, fallback)).toEqual({
    channel: 'C0SALES',
    mention: '<!subteam^S1>',
  });
});

test('all conditions of a rule must hold', () => {
  const routes = readRoutes('group=sales,severity=warning,channel=C0X');
  expect(routeOf(alert, routes, fallback)).toEqual(fallback);
});

test.each([
  ['channel=C0X', 'must name a connection, group or severity'],
  ['group=sales', 'must give a channel or a mention'],
  ['severity=loud,channel=C0X', 'knows the severities'],
  ['tenant=x,channel=C0X', 'with the names connection, group'],
  ['group=,channel=C0X', 'must be rules of name=value'],
])('refuses "%s" and says why', (text, message) => {
  expect(() => readRoutes(text)).toThrow(message);
});
