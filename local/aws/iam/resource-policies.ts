import { createProperties } from '../properties.ts';
import { toJson } from '../../json.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import type { Context } from './conditions.ts';
import { patterns } from './patterns.ts';
import { readStatements, type Allowance } from './statements.ts';

/** One AWS service reaching for another's resource. */
export interface Reach {
  /** For instance `events.amazonaws.com`. */
  principal: string;
  /** For instance `lambda:InvokeFunction`. */
  action: string;
  resourceArn: string;
  /** On whose behalf. */
  context: Context;
}

/** What functions, queues and topics let other AWS services do: their resource-based policies in the template. */
export interface ResourcePolicies {
  resources: ResourceHandlers;
  permits: (reach: Reach) => boolean;
}

export function createResourcePolicies({
  accountId,
  region,
}: {
  accountId: string;
  region: string;
}): ResourcePolicies {
  const grants: Allowance[] = [];
  const fromDocument = (logicalId: string, properties: Record<string, unknown>) => {
    grants.push(...readStatements(toJson(properties.PolicyDocument)));
    return { ref: logicalId };
  };
  return {
    permits: ({ principal, action, resourceArn, context }) =>
      grants.some(
        ({ principals, actions, resources, holds }) =>
          principals.includes(principal) && actions(action) && resources(resourceArn) && holds(context),
      ),
    resources: {
      'AWS::Lambda::Permission': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const name = properties.string('FunctionName');
        const source = properties.optionalString('SourceArn');
        const sources = source === undefined ? undefined : patterns(source);
        grants.push({
          principals: [properties.string('Principal')],
          actions: patterns(properties.string('Action')),
          resources: patterns(
            name.startsWith('arn:') ? name : `arn:aws:lambda:${region}:${accountId}:function:${name}`,
          ),
          holds: (context) =>
            sources === undefined || (context.get('aws:sourcearn') ?? []).some((arn) => sources(arn)),
        });
        return { ref: logicalId };
      },
      'AWS::SQS::QueuePolicy': fromDocument,
      'AWS::SNS::TopicPolicy': fromDocument,
    },
  };
}
