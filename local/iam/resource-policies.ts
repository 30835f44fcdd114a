import { createProperties } from '../aws/properties.ts';
import { isJsonObject, toJson, type Json } from '../json.ts';
import type { ResourceHandlers } from '../template/resource-handler.ts';
import { patterns, type Patterns } from './patterns.ts';

/** One AWS service reaching for another's resource. */
export interface Reach {
  /** For instance `events.amazonaws.com`. */
  principal: string;
  /** For instance `lambda:InvokeFunction`. */
  action: string;
  resourceArn: string;
  /** ARN of the rule, topic or API on whose behalf. */
  sourceArn: string;
}

/** What functions, queues and topics let other AWS services do: their resource-based policies in the template. */
export interface ResourcePolicies {
  resources: ResourceHandlers;
  permits: (reach: Reach) => boolean;
}

interface Grant {
  principal: string;
  actions: Patterns;
  resources: Patterns;
  /** Undefined: on anybody's behalf. */
  sources: Patterns | undefined;
}

export function createResourcePolicies({
  accountId,
  region,
}: {
  accountId: string;
  region: string;
}): ResourcePolicies {
  const grants: Grant[] = [];
  const fromDocument = (logicalId: string, properties: Record<string, unknown>) => {
    const document = toJson(properties.PolicyDocument);
    const statements = isJsonObject(document) ? [document.Statement ?? []].flat() : [];
    for (const statement of statements) grants.push(...grantsOf(statement));
    return { ref: logicalId };
  };
  return {
    permits: ({ principal, action, resourceArn, sourceArn }) =>
      grants.some(
        (grant) =>
          grant.principal === principal &&
          grant.actions(action) &&
          grant.resources(resourceArn) &&
          (grant.sources === undefined || grant.sources(sourceArn)),
      ),
    resources: {
      'AWS::Lambda::Permission': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const name = properties.string('FunctionName');
        const source = properties.optionalString('SourceArn');
        grants.push({
          principal: properties.string('Principal'),
          actions: patterns(properties.string('Action')),
          resources: patterns(
            name.startsWith('arn:') ? name : `arn:aws:lambda:${region}:${accountId}:function:${name}`,
          ),
          sources: source === undefined ? undefined : patterns(source),
        });
        return { ref: logicalId };
      },
      'AWS::SQS::QueuePolicy': fromDocument,
      'AWS::SNS::TopicPolicy': fromDocument,
    },
  };
}

function grantsOf(statement: Json): Grant[] {
  if (!isJsonObject(statement) || statement.Effect !== 'Allow' || !isJsonObject(statement.Principal))
    return [];
  const condition = isJsonObject(statement.Condition) ? statement.Condition : {};
  const sources = Object.values(condition).flatMap((keys) => {
    const source = isJsonObject(keys) ? (keys['aws:SourceArn'] ?? keys['AWS:SourceArn']) : undefined;
    return source === undefined ? [] : [source].flat();
  });
  return [statement.Principal.Service ?? []]
    .flat()
    .filter((principal) => typeof principal === 'string')
    .map((principal) => ({
      principal,
      actions: patterns(statement.Action),
      resources: patterns(statement.Resource),
      sources: sources.length === 0 ? undefined : patterns(sources),
    }));
}
