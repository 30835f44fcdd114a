import { randomUUID } from 'node:crypto';
import { readInput } from '../input.ts';
import { createProperties } from '../properties.ts';
import { AwsError, type Service } from '../service.ts';
import { isJsonObject, type Json } from '../../json.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';

interface Subscription {
  arn: string;
  protocol: string;
  endpoint: string;
}

interface Topic {
  name: string;
  arn: string;
  subscriptions: Subscription[];
}

/** What a message carries beside its body. */
interface PublishOptions {
  subject?: string;
  attributes?: Record<string, string>;
}

/** The account's topics; subscribed functions and queues get each message. */
export interface Sns {
  service: Service;
  resources: ResourceHandlers;
  /** @returns the message's id @throws AwsError when there is no such topic */
  publish: (topicArn: string, message: string, options?: PublishOptions) => string;
}

interface SnsOptions {
  accountId: string;
  region: string;
  /** Hands a message to a subscribed function or queue. */
  deliver: (subscription: { protocol: string; endpoint: string }, payload: Json, topicArn: string) => void;
}

const inputErrors = {
  missing: (name: string) => new AwsError('InvalidParameter', `Invalid parameter: ${name}`),
  invalid: (name: string, _value: unknown, expectation: string) =>
    new AwsError('InvalidParameter', `Invalid parameter: ${name} Reason: expected ${expectation}`),
};

/** https://docs.aws.amazon.com/sns/latest/api/API_Operations.html */
export function createSns({ accountId, region, deliver }: SnsOptions): Sns {
  const topics = new Map<string, Topic>();
  const find = (arn: string): Topic => {
    const found = topics.get(arn);
    if (found === undefined) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return found;
  };
  const subscribe = (topic: Topic, protocol: string, endpoint: string): Subscription => {
    const subscription = { arn: `${topic.arn}:${randomUUID()}`, protocol, endpoint };
    topic.subscriptions.push(subscription);
    return subscription;
  };
  const publish: Sns['publish'] = (topicArn, message, options = {}) => {
    const topic = find(topicArn);
    const messageId = randomUUID();
    for (const subscription of topic.subscriptions) {
      const notification = notificationOf(topic, subscription, messageId, message, options, region);
      const payload =
        subscription.protocol === 'lambda'
          ? {
              Records: [
                {
                  EventSource: 'aws:sns',
                  EventVersion: '1.0',
                  EventSubscriptionArn: subscription.arn,
                  Sns: notification,
                },
              ],
            }
          : notification;
      deliver(subscription, payload, topicArn);
    }
    return messageId;
  };
  return {
    publish,
    service: {
      scope: 'sns',
      protocols: [{ kind: 'query', version: '2010-03-31' }],
      operations: {
        Publish: (call) => {
          const input = readInput(call.input, inputErrors);
          const topicArn = input.optionalString('TopicArn') ?? input.string('TargetArn');
          const subject = input.optionalString('Subject');
          const messageId = publish(topicArn, input.string('Message'), {
            ...(subject === undefined ? {} : { subject }),
            attributes: attributesOf(call.input.MessageAttributes),
          });
          return { MessageId: messageId };
        },
        ListTopics: () => ({ Topics: [...topics.values()].map(({ arn }) => ({ TopicArn: arn })) }),
        GetTopicAttributes: (call) => {
          const { arn, subscriptions } = find(readInput(call.input, inputErrors).string('TopicArn'));
          return {
            Attributes: new Map([
              ['TopicArn', arn],
              ['Owner', accountId],
              ['SubscriptionsConfirmed', String(subscriptions.length)],
              ['SubscriptionsPending', '0'],
            ]),
          };
        },
        ListSubscriptionsByTopic: (call) => {
          const topic = find(readInput(call.input, inputErrors).string('TopicArn'));
          return {
            Subscriptions: topic.subscriptions.map(({ arn, protocol, endpoint }) => ({
              SubscriptionArn: arn,
              Owner: accountId,
              Protocol: protocol,
              Endpoint: endpoint,
              TopicArn: topic.arn,
            })),
          };
        },
      },
    },
    resources: {
      'AWS::SNS::Topic': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const name = properties.optionalString('TopicName') ?? logicalId;
        const topic: Topic = { name, arn: `arn:aws:sns:${region}:${accountId}:${name}`, subscriptions: [] };
        topics.set(topic.arn, topic);
        for (const subscription of properties.structures('Subscription')) {
          subscribe(topic, subscription.string('Protocol'), subscription.string('Endpoint'));
        }
        return { ref: topic.arn, attributes: { TopicArn: topic.arn, TopicName: name } };
      },
      'AWS::SNS::Subscription': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const topic = find(properties.string('TopicArn'));
        return { ref: subscribe(topic, properties.string('Protocol'), properties.string('Endpoint')).arn };
      },
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html#sns-sample-event */
function notificationOf(
  topic: Topic,
  subscription: Subscription,
  messageId: string,
  message: string,
  { subject, attributes = {} }: PublishOptions,
  region: string,
): Record<string, Json> {
  return {
    SignatureVersion: '1',
    Timestamp: new Date().toISOString(),
    Signature: 'bG9jYWw=',
    SigningCertUrl: `https://sns.${region}.amazonaws.com/SimpleNotificationService.pem`,
    MessageId: messageId,
    Message: message,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, { Type: 'String', Value: value }]),
    ),
    Type: 'Notification',
    UnsubscribeUrl: `https://sns.${region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
    TopicArn: topic.arn,
    Subject: subject ?? null,
  };
}

function attributesOf(given: unknown): Record<string, string> {
  if (!isJsonObject(given)) return {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const text = isJsonObject(value) ? value.StringValue : undefined;
      return [name, typeof text === 'string' ? text : ''];
    }),
  );
}
