import { describe, expect, test } from 'vitest';
import type { LoadBalancer, Target } from '../contracts/target-health.ts';
import { healthyLoadBalancer } from '../../tests/support/endpoint-world.ts';
import { summarize } from './findings.ts';
import { judgeTargets } from './target-health.ts';

const target = (change: Partial<Target>): Target => ({
  id: '10.0.0.5',
  port: 5432,
  zone: 'us-east-1a',
  state: 'healthy',
  reason: '',
  description: '',
  ...change,
});
const behind = (targets: Target[], change: Partial<LoadBalancer> = {}): LoadBalancer => {
  const loadBalancer = { ...healthyLoadBalancer(), ...change };
  return {
    ...loadBalancer,
    targetGroups: loadBalancer.targetGroups.map((group) => ({ ...group, targets })),
  };
};
const judge = (loadBalancer: LoadBalancer) => summarize(judgeTargets([loadBalancer]));
const summaryOf = (loadBalancer: LoadBalancer, check: string): string | undefined =>
  judgeTargets([loadBalancer]).find((finding) => finding.check === check)?.summary;

test('a healthy target behind an active load balancer with cross-zone is ok', () => {
  expect(judge(healthyLoadBalancer()).status).toBe('ok');
});

test('no load balancer, no target group and no target are blocking, each with its remedy', () => {
  for (const loadBalancers of [[], [{ ...healthyLoadBalancer(), targetGroups: [] }], [behind([])]]) {
    const findings = judgeTargets(loadBalancers);
    const blocking = findings.filter(({ status }) => status === 'blocking');
    expect(blocking).toHaveLength(1);
    expect(blocking[0]?.remedy).toBeTruthy();
  }
});

describe('states of the load balancer', () => {
  test.each([
    ['active', 'ok'],
    ['active_impaired', 'warning'],
    ['provisioning', 'blocking'],
    ['failed', 'blocking'],
    ['something_new', 'blocking'],
  ])('%s is %s', (state, status) => {
    expect(judge(behind([target({})], { state })).status).toBe(status);
  });
});

describe('states and reasons of targets', () => {
  test.each([
    ['initial', 'Elb.RegistrationInProgress', /is being registered/],
    ['initial', 'Elb.InitialHealthChecking', /first health checks/],
    ['unhealthy', 'Elb.InternalError', /internal error/],
    ['unhealthy', 'Target.ResponseCodeMismatch', /unexpected code/],
    ['unhealthy', 'Target.Timeout', /does not answer/],
    ['unhealthy', 'Target.FailedHealthChecks', /refuses connections/],
    ['unused', 'Target.NotRegistered', /not registered/],
    ['unused', 'Target.NotInUse', /is not used/],
    ['draining', 'Target.DeregistrationInProgress', /being deregistered/],
    ['unused', 'Target.InvalidState', /stopped or terminated/],
    ['unused', 'Target.IpUnusable', /a load balancer uses itself/],
    ['unavailable', 'Target.HealthCheckDisabled', /switched off/],
    ['unhealthy.draining', '', /is unhealthy\.draining/],
    ['something_new', 'Some.NewReason', /is something_new.*Some\.NewReason/],
  ])('%s because of %s blocks and is said in words', (state, reason, words) => {
    const loadBalancer = behind([target({ state, reason })]);
    expect(judge(loadBalancer).status).toBe('blocking');
    expect(summaryOf(loadBalancer, 'targets.health')).toMatch(words);
  });

  test('one healthy target among sick ones is enough, with a warning that names the sick one', () => {
    const loadBalancer = behind([
      target({}),
      target({ id: '10.0.0.6', state: 'unhealthy', reason: 'Target.Timeout' }),
    ]);
    expect(judge(loadBalancer).status).toBe('warning');
    expect(summaryOf(loadBalancer, 'targets.health')).toContain('10.0.0.6:5432 does not answer');
  });
});

describe('zones', () => {
  test.each([
    { group: 'use_load_balancer_configuration', loadBalancer: true, status: 'ok' },
    { group: 'use_load_balancer_configuration', loadBalancer: false, status: 'blocking' },
    { group: 'true', loadBalancer: false, status: 'ok' },
    { group: 'false', loadBalancer: true, status: 'blocking' },
  ])(
    'one healthy zone of two with cross-zone $group on the group and $loadBalancer on the load balancer is $status',
    ({ group, loadBalancer, status }) => {
      const base = behind([target({})], { crossZone: loadBalancer });
      const set = { ...base, targetGroups: base.targetGroups.map((each) => ({ ...each, crossZone: group })) };
      expect(judge(set).status).toBe(status);
    },
  );

  test('a healthy target in every zone needs no cross-zone', () => {
    const targets = [target({}), target({ id: '10.0.1.5', zone: 'us-east-1b' })];
    expect(judge(behind(targets, { crossZone: false })).status).toBe('ok');
  });

  test('a target outside the VPC serves every zone', () => {
    expect(judge(behind([target({ zone: 'all' })], { crossZone: false })).status).toBe('ok');
  });

  test('the zone without a target is named', () => {
    expect(summaryOf(behind([target({})], { crossZone: false }), 'targets.health')).toContain('us-east-1b');
  });
});

describe('what drops traffic without a trace', () => {
  test('security groups that are held against PrivateLink traffic are a warning', () => {
    const loadBalancer = behind([target({})], { enforcesSecurityGroups: true });
    expect(judge(loadBalancer).status).toBe('warning');
    expect(summaryOf(loadBalancer, 'targets.security-group')).toContain('sg-1');
  });

  test('without a security group nothing is said about it', () => {
    const loadBalancer = behind([target({})], { securityGroups: [], enforcesSecurityGroups: true });
    expect(summaryOf(loadBalancer, 'targets.security-group')).toBeUndefined();
  });

  test('proxy protocol blocks, because PostgreSQL does not speak it', () => {
    const base = healthyLoadBalancer();
    const set = {
      ...base,
      targetGroups: base.targetGroups.map((each) => ({ ...each, proxyProtocol: true })),
    };
    expect(judge(set).status).toBe('blocking');
  });
});
