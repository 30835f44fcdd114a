import type { Input } from '../input.ts';
import { AwsError, type Operation } from '../service.ts';
import { applyFilters } from './filters.ts';
import { describeParameters, ec2Operation, ec2Page, invalidParameter } from './operation.ts';
import { tagsOf, type Ec2State } from './state.ts';

/** CreateTags, DeleteTags, DescribeTags on services, endpoints, endpoint connections, notifications and groups. */
export function tagOperations(state: Ec2State): Record<string, Operation> {
  return {
    CreateTags: ec2Operation({
      required: ['ResourceId', 'Tag'],
      run: (input, { caller }) => {
        const resources = ownResources(state, caller.accountId);
        const ids = input.strings('ResourceId');
        for (const id of ids) requireResource(resources, id);
        const tags = readTags(input);
        for (const id of ids) setTags(state, id, tags);
        return { return: true };
      },
    }),
    DeleteTags: ec2Operation({
      required: ['ResourceId'],
      optional: ['Tag'],
      run: (input, { caller }) => {
        const resources = ownResources(state, caller.accountId);
        const ids = input.strings('ResourceId');
        for (const id of ids) requireResource(resources, id);
        const doomed = input.structures('Tag');
        for (const id of ids) removeTags(state, id, doomed);
        return { return: true };
      },
    }),
    DescribeTags: ec2Operation({
      optional: describeParameters,
      run: (input, { caller }) => {
        const all = [...ownResources(state, caller.accountId)].flatMap(([resourceId, resourceType]) =>
          [...tagsOf(state, resourceId)].map(([key, value]) => ({ key, resourceId, resourceType, value })),
        );
        const found = applyFilters(all, input, {
          key: ({ key }) => [key],
          value: ({ value }) => [value],
          'resource-id': ({ resourceId }) => [resourceId],
          'resource-type': ({ resourceType }) => [resourceType],
        });
        const { items, nextToken } = ec2Page(found, ({ resourceId, key }) => `${resourceId} ${key}`, input);
        return { tagSet: items, nextToken };
      },
    }),
  };
}

/**
 * Adds tags to a resource, as CreateTags does, within EC2's limits:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
 *
 * @throws AwsError when a key or value is too long or the resource would have too many tags
 */
export function setTags(state: Ec2State, id: string, tags: readonly (readonly [string, string])[]): void {
  for (const [key, value] of tags) {
    if (key.length > 128) throw invalidParameter('Tag.Key', key, 'at most 128 characters');
    if (value.length > 256) throw invalidParameter('Tag.Value', value, 'at most 256 characters');
  }
  const all = new Map([...tagsOf(state, id), ...tags]);
  if (all.size > 50) throw new AwsError('TagLimitExceeded', `The maximum number of Tags for ${id} is 50`);
  state.tags.set(id, all);
}

/**
 * The tags of a creating call's TagSpecification for one type of resource.
 *
 * @throws AwsError when it names another type
 */
export function readTagSpecifications(input: Input, resourceType: string): [string, string][] {
  return input.structures('TagSpecification').flatMap((specification) => {
    const type = specification.string('ResourceType');
    if (type !== resourceType) {
      throw new AwsError(
        'InvalidParameterValue',
        `'${type}' is not a valid taggable resource type for this operation.`,
      );
    }
    return readTags(specification);
  });
}

function readTags(input: Input): [string, string][] {
  return input.structures('Tag').map((tag): [string, string] => {
    const key = tag.string('Key');
    if (key.toLowerCase().startsWith('aws:')) {
      throw new AwsError(
        'InvalidParameterValue',
        'Tag keys starting with "aws:" are reserved for internal use',
      );
    }
    return [key, tag.optionalString('Value') ?? ''];
  });
}

function removeTags(state: Ec2State, id: string, doomed: readonly Input[]): void {
  const tags = new Map(tagsOf(state, id));
  if (doomed.length === 0) tags.clear();
  for (const tag of doomed) {
    const [key, value] = [tag.string('Key'), tag.optionalString('Value')];
    if (value === undefined || tags.get(key) === value) tags.delete(key);
  }
  state.tags.set(id, tags);
}

/** Type by id of everything that the account may tag. An endpoint is the consumer's, its connection the provider's. */
function ownResources(state: Ec2State, accountId: string): Map<string, string> {
  const resources = new Map<string, string>();
  for (const { id, owner } of state.services.values()) {
    if (owner === accountId) resources.set(id, 'vpc-endpoint-service');
  }
  for (const { id, connectionId, owner, serviceId } of state.endpoints.values()) {
    if (owner === accountId) resources.set(id, 'vpc-endpoint');
    if (state.services.get(serviceId)?.owner === accountId) {
      resources.set(connectionId, 'vpc-endpoint-connection');
    }
  }
  for (const { id, owner } of state.groups.values()) {
    if (owner === accountId) resources.set(id, 'security-group');
  }
  if (accountId === state.accountId) {
    resources.set(state.network.vpcId, 'vpc');
    for (const { id } of state.network.subnets) resources.set(id, 'subnet');
  }
  return resources;
}

function requireResource(resources: ReadonlyMap<string, string>, id: string): void {
  if (!resources.has(id)) throw new AwsError('InvalidID', `The ID '${id}' is not valid`);
}
