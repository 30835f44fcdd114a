import type { Input } from '../input.ts';
import { AwsError, type Operation } from '../service.ts';
import { applyFilters } from './filters.ts';
import type { SecurityGroup, SecurityGroupRule } from './model.ts';
import { contains } from './network.ts';
import { describeParameters, ec2Operation, ec2Page } from './operation.ts';
import { newId, tagsOf, writeTags, type Ec2State } from './state.ts';

/** DescribeSecurityGroups, DescribeSecurityGroupRules and AuthorizeSecurityGroupEgress. */
export function securityGroupOperations(state: Ec2State): Record<string, Operation> {
  const ownGroups = (accountId: string): SecurityGroup[] =>
    [...state.groups.values()].filter(({ owner }) => owner === accountId);
  return {
    DescribeSecurityGroups: ec2Operation({
      optional: ['GroupId', 'GroupName', ...describeParameters],
      run: (input, { caller }) => {
        const own = ownGroups(caller.accountId);
        const [ids, names] = [input.strings('GroupId'), input.strings('GroupName')];
        const missing = ids.find((id) => !own.some((group) => group.id === id));
        if (missing !== undefined) {
          throw new AwsError('InvalidGroup.NotFound', `The security group '${missing}' does not exist`);
        }
        const found = applyFilters(
          own.filter(({ id, name }) => {
            const wanted = ids.length + names.length === 0;
            return wanted || ids.includes(id) || names.includes(name);
          }),
          input,
          {
            'group-id': ({ id }) => [id],
            'group-name': ({ name }) => [name],
            'vpc-id': ({ vpcId }) => [vpcId],
            'owner-id': ({ owner }) => [owner],
            description: ({ description }) => [description],
          },
          ({ id }) => tagsOf(state, id),
        );
        const { items, nextToken } = ec2Page(found, ({ id }) => id, input);
        return { securityGroupInfo: items.map((group) => writeGroup(state, group)), nextToken };
      },
    }),

    DescribeSecurityGroupRules: ec2Operation({
      optional: ['SecurityGroupRuleId', ...describeParameters],
      run: (input, { caller }) => {
        const ids = input.strings('SecurityGroupRuleId');
        const all = ownGroups(caller.accountId)
          .flatMap((group) => group.rules.map((rule) => ({ group, rule })))
          .filter(({ rule }) => ids.length === 0 || ids.includes(rule.id));
        const missing = ids.find((id) => !all.some(({ rule }) => rule.id === id));
        if (missing !== undefined) {
          throw new AwsError(
            'InvalidSecurityGroupRuleId.NotFound',
            `The security group rule ID '${missing}' does not exist`,
          );
        }
        const found = applyFilters(all, input, {
          'group-id': ({ group }) => [group.id],
          'security-group-rule-id': ({ rule }) => [rule.id],
        });
        const { items, nextToken } = ec2Page(found, ({ rule }) => rule.id, input);
        return { securityGroupRuleSet: items.map(({ group, rule }) => writeRule(group, rule)), nextToken };
      },
    }),

    AuthorizeSecurityGroupEgress: ec2Operation({
      required: ['GroupId', 'IpPermissions'],
      run: (input, { caller }) => {
        const id = input.string('GroupId');
        const group = ownGroups(caller.accountId).find((candidate) => candidate.id === id);
        if (group === undefined) {
          throw new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
        }
        const added = input.structures('IpPermissions').flatMap(readPermission);
        const known = (one: Omit<SecurityGroupRule, 'id'>): boolean =>
          group.rules.some((rule) => ruleKey(rule) === ruleKey(one));
        if (added.some(known)) {
          throw new AwsError('InvalidPermission.Duplicate', 'The specified rule already exists');
        }
        const rules = added.map((rule) => ({ ...rule, id: newId('sgr') }));
        group.rules.push(...rules);
        return { return: true, securityGroupRuleSet: rules.map((rule) => writeRule(group, rule)) };
      },
    }),
  };
}

/** The outbound rules of one permission: one for each address range. */
function readPermission(permission: Input): Omit<SecurityGroupRule, 'id'>[] {
  return permission.structures('IpRanges').map((range) => ({
    egress: true,
    protocol: permission.string('IpProtocol'),
    fromPort: permission.integer('FromPort') ?? -1,
    toPort: permission.integer('ToPort') ?? -1,
    cidr: range.string('CidrIp'),
    sourceGroupId: undefined,
    description: range.optionalString('Description'),
  }));
}

const ruleKey = ({ egress, protocol, fromPort, toPort, cidr }: Omit<SecurityGroupRule, 'id'>): string =>
  JSON.stringify([egress, protocol, fromPort, toPort, cidr]);

/** Seen from the members of a group. */
export type Direction = 'inbound' | 'outbound';

/** Whether a rule lets TCP traffic with an address pass; a rule that names a group instead of a range does not. */
export function permits(
  group: SecurityGroup | undefined,
  direction: Direction,
  address: string,
  port: number,
): boolean {
  return (group?.rules ?? []).some(
    (rule) =>
      rule.egress === (direction === 'outbound') &&
      (rule.protocol === '-1' || (rule.protocol === 'tcp' && rule.fromPort <= port && port <= rule.toPort)) &&
      rule.cidr !== undefined &&
      contains(rule.cidr, address),
  );
}

interface NewGroup {
  name: string;
  description: string;
  vpcId: string;
  rules: Omit<SecurityGroupRule, 'id'>[];
}

/** Creates a security group; without an outbound rule it gets AWS's own one that allows everything out. */
export function createGroup(state: Ec2State, { rules, ...group }: NewGroup): SecurityGroup {
  const everythingOut = {
    egress: true,
    protocol: '-1',
    fromPort: -1,
    toPort: -1,
    cidr: '0.0.0.0/0',
    sourceGroupId: undefined,
    description: undefined,
  };
  const all = rules.some(({ egress }) => egress) ? rules : [...rules, everythingOut];
  const created: SecurityGroup = {
    ...group,
    id: newId('sg'),
    owner: state.accountId,
    rules: all.map((rule) => ({ ...rule, id: newId('sgr') })),
  };
  state.groups.set(created.id, created);
  return created;
}

function writeGroup(state: Ec2State, group: SecurityGroup): unknown {
  const permissions = (egress: boolean): unknown[] =>
    group.rules.filter((rule) => rule.egress === egress).map((rule) => writePermission(group, rule));
  return {
    groupId: group.id,
    groupName: group.name,
    groupDescription: group.description,
    ownerId: group.owner,
    vpcId: group.vpcId,
    ipPermissions: permissions(false),
    ipPermissionsEgress: permissions(true),
    tagSet: writeTags(state, group.id),
    securityGroupArn: `arn:aws:ec2:${state.region}:${group.owner}:security-group/${group.id}`,
  };
}

const ports = ({ protocol, fromPort, toPort }: SecurityGroupRule): { fromPort?: number; toPort?: number } =>
  protocol === '-1' ? {} : { fromPort, toPort };

const writePermission = (group: SecurityGroup, rule: SecurityGroupRule): unknown => ({
  ipProtocol: rule.protocol,
  ...ports(rule),
  groups:
    rule.sourceGroupId === undefined
      ? []
      : [{ groupId: rule.sourceGroupId, userId: group.owner, description: rule.description }],
  ipRanges: rule.cidr === undefined ? [] : [{ cidrIp: rule.cidr, description: rule.description }],
  ipv6Ranges: [],
  prefixListIds: [],
});

const writeRule = (group: SecurityGroup, rule: SecurityGroupRule): unknown => ({
  securityGroupRuleId: rule.id,
  groupId: group.id,
  groupOwnerId: group.owner,
  isEgress: rule.egress,
  ipProtocol: rule.protocol,
  fromPort: rule.fromPort,
  toPort: rule.toPort,
  cidrIpv4: rule.cidr,
  referencedGroupInfo: rule.sourceGroupId === undefined ? undefined : { groupId: rule.sourceGroupId },
  description: rule.description,
  tagSet: [],
});
