import type { Targets } from '../../shared/clients/load-balancer/targets.ts';
import type { Addresses } from '../../shared/clients/names/addresses.ts';
import { tellCondition, type TellCondition } from '../../shared/conditions/tell-condition.ts';
import type { Subject } from '../../shared/contracts/subject.ts';
import { ConfigError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { planTargets, type TargetPlan } from '../../shared/rules/target-refresh.ts';

export interface RefreshTargetsDependencies extends TellCondition {
  /** The target groups, and the source whose host each of them follows. */
  groups: readonly FollowingGroup[];
  vpcRanges: readonly string[];
  otherRanges: readonly string[];
  /** Host in the source's secret. */
  hostOf: (source: string) => Promise<string>;
  addressesOf: (host: string) => Promise<Addresses>;
  targets: Targets;
  log: Log;
}

interface FollowingGroup {
  source: string;
  arn: string;
}

/** What happened to the targets of one source. */
export interface RefreshResult {
  source: string;
  outcome: 'unchanged' | 'added' | 'removed' | 'unresolved';
  added: string[];
  removed: string[];
  refused: string[];
}

/** A trouble that lasts shorter is a fail-over that goes on; only then people are told. */
const patienceMs = 5 * 60_000;

/**
 * Keeps each source's target group equal to the addresses of the database's host. Events and schedule only say when
 * to look; running it twice or out of order does no harm. What changed, and a host that leads nowhere for long, is
 * told as Attention. One source's trouble does not keep the others from being looked at.
 *
 * @throws UnavailableError, AccessDeniedError: the first one, after all sources were tried
 */
export async function refreshTargets(dependencies: RefreshTargetsDependencies): Promise<RefreshResult[]> {
  const attempts = await Promise.allSettled(
    dependencies.groups.map((group) => refreshGroup(group, dependencies)),
  );
  const [first, ...others] = attempts.filter((attempt) => attempt.status === 'rejected');
  for (const { reason } of others) {
    const error: unknown = reason;
    dependencies.log.error('NOT_REFRESHED', 'The targets of a source could not be looked at.', { error });
  }
  if (first !== undefined) throw first.reason;
  return attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
}

async function refreshGroup(
  { arn, source }: FollowingGroup,
  shared: RefreshTargetsDependencies,
): Promise<RefreshResult> {
  const { vpcRanges, otherRanges, addressesOf, targets, log } = shared;
  const dependencies = { ...shared, source };
  const name = await hostFor(dependencies);
  if (name === undefined) return { source, outcome: 'unresolved', added: [], removed: [], refused: [] };
  const answer = await addressesOf(name);
  if (answer.outcome === 'failed') {
    log.warn('HOST_UNRESOLVED', 'The name of a database does not resolve; no target is changed.', {
      source,
      host: name,
      detail: answer.detail,
    });
    await tellTrouble(
      dependencies,
      `${name} does not resolve (${answer.detail}), so the targets stay as they are`,
    );
    return { source, outcome: 'unresolved', added: [], removed: [], refused: [] };
  }
  const registered = await targets.read(arn);
  const plan = planTargets({ addresses: answer.addresses, registered, vpcRanges, otherRanges });
  if (plan.add.length > 0) {
    await targets.register(
      arn,
      plan.add.map(({ address, outsideVpc }) => ({ address, ...(outsideVpc ? { zone: 'all' } : {}) })),
    );
  } else if (plan.remove.length > 0) {
    await targets.deregister(arn, plan.remove);
  }
  await tell(dependencies, name, plan);
  const added = plan.add.map(({ address }) => address);
  const removed = plan.remove.map(({ address }) => address);
  return {
    source,
    outcome: added.length > 0 ? 'added' : removed.length > 0 ? 'removed' : 'unchanged',
    added,
    removed,
    refused: plan.refused,
  };
}

/** The dependencies, and the source that is spoken of. */
type ForSource = RefreshTargetsDependencies & { source: string };

/** The database's host; undefined, and told when it lasts, as long as nobody has filled the source's secret in. */
async function hostFor(dependencies: ForSource): Promise<string | undefined> {
  const { source, hostOf, log } = dependencies;
  try {
    return await hostOf(source);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.warn('HOST_UNKNOWN', 'The secret of a source does not name its host.', {
      source,
      detail: error.message,
    });
    await tellTrouble(dependencies, `the targets of ${source} follow nobody: ${error.message}`);
    return undefined;
  }
}

async function tell(dependencies: ForSource, host: string, plan: TargetPlan): Promise<void> {
  const { log, source } = dependencies;
  const { add, remove, refused, awaited } = plan;
  const added = add.map(({ address }) => address).join(', ');
  const removed = remove.map(({ address }) => address).join(', ');
  if (added !== '') {
    log.info('TARGETS_ADDED', 'New addresses of a database were registered.', { source, added });
    await changed(dependencies, `${host} has a new address: ${added} was registered as target.`);
  }
  if (removed !== '') {
    log.info('TARGETS_REMOVED', 'Addresses that a database no longer has were deregistered.', {
      source,
      removed,
    });
    await changed(
      dependencies,
      `${host} has left ${removed}: the target was deregistered, because the new one is healthy.`,
    );
  }
  if (refused.length > 0) {
    await tellTrouble(
      dependencies,
      `${host} has addresses outside of the VPC and of TARGET_RANGES (${refused.join(', ')}), which are never registered`,
    );
  } else if (awaited.length > 0) {
    await tellTrouble(
      dependencies,
      `${awaited.join(', ')} of ${host} is registered but does not get healthy`,
    );
  } else {
    await tellTrouble(dependencies, undefined);
  }
}

const subjectOf = (source: string): Subject => ({ type: 'targets', id: source, name: source });

/** Tells of a trouble that lasts, and when there is none any more. */
const tellTrouble = (dependencies: ForSource, trouble: string | undefined): Promise<number> =>
  tellCondition(
    {
      subject: subjectOf(dependencies.source),
      kind: 'targets-unhealthy',
      holds: trouble !== undefined,
      summary: (since) =>
        trouble === undefined
          ? "The targets are the database's addresses again."
          : `Since ${since} ${trouble.replace(/\.$/, '')}.`,
      patienceMs,
    },
    dependencies,
  );

/** Tells of a fail-over. */
async function changed({ source, bus, clock }: ForSource, summary: string): Promise<void> {
  await bus.put([
    {
      type: 'Attention',
      detail: {
        version: 1,
        subject: subjectOf(source),
        kind: 'targets-changed',
        summary,
        since: clock.now().toISOString(),
        resolved: false,
      },
    },
  ]);
}
