import { AwsError, type Operation } from '../service.ts';
import { applyFilters } from './filters.ts';
import type { ConnectionEvent, ConnectionNotification } from './model.ts';
import { describeParameters, ec2Operation, ec2Page, invalidParameter } from './operation.ts';
import { findService, newId, type Ec2State } from './state.ts';

const knownEvents: readonly ConnectionEvent[] = ['Accept', 'Connect', 'Delete', 'Reject'];

interface NewNotification {
  owner: string;
  serviceId: string | undefined;
  endpointId?: string | undefined;
  topicArn: string;
  events: readonly string[];
}

/** @throws AwsError when an event is unknown or the topic is no SNS topic */
export function createNotification(state: Ec2State, wanted: NewNotification): ConnectionNotification {
  if (!/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:.+$/.test(wanted.topicArn)) {
    throw invalidParameter('ConnectionNotificationArn', wanted.topicArn, 'the ARN of an SNS topic');
  }
  const events = knownEvents.filter((event) => wanted.events.includes(event));
  if (events.length === 0 || events.length !== new Set(wanted.events).size) {
    throw invalidParameter('ConnectionEvents', wanted.events, `some of ${knownEvents.join(', ')}`);
  }
  const notification = {
    id: newId('vpce-nfn'),
    owner: wanted.owner,
    serviceId: wanted.serviceId,
    endpointId: wanted.endpointId,
    topicArn: wanted.topicArn,
    events,
  };
  state.notifications.set(notification.id, notification);
  return notification;
}

/** Create, Describe, Modify and DeleteVpcEndpointConnectionNotifications. */
export function notificationOperations(state: Ec2State): Record<string, Operation> {
  const find = (id: string, owner: string): ConnectionNotification => {
    const notification = state.notifications.get(id);
    if (notification?.owner !== owner) {
      throw new AwsError(
        'InvalidConnectionNotification.NotFound',
        `The ConnectionNotification Id '${id}' does not exist`,
      );
    }
    return notification;
  };
  return {
    CreateVpcEndpointConnectionNotification: ec2Operation({
      required: ['ConnectionNotificationArn', 'ConnectionEvents'],
      optional: ['ServiceId', 'VpcEndpointId', 'ClientToken'],
      run: (input, { caller }) => {
        const [serviceId, endpointId] = [
          input.optionalString('ServiceId'),
          input.optionalString('VpcEndpointId'),
        ];
        if ((serviceId === undefined) === (endpointId === undefined)) {
          throw new AwsError('InvalidParameterCombination', 'Specify either ServiceId or VpcEndpointId.');
        }
        if (serviceId !== undefined) findService(state, serviceId, caller.accountId);
        const notification = createNotification(state, {
          owner: caller.accountId,
          serviceId,
          endpointId,
          topicArn: input.string('ConnectionNotificationArn'),
          events: input.strings('ConnectionEvents'),
        });
        return {
          connectionNotification: write(state, notification),
          clientToken: input.optionalString('ClientToken'),
        };
      },
    }),

    DescribeVpcEndpointConnectionNotifications: ec2Operation({
      optional: ['ConnectionNotificationId', ...describeParameters],
      run: (input, { caller }) => {
        const id = input.optionalString('ConnectionNotificationId');
        const own =
          id === undefined
            ? [...state.notifications.values()].filter(({ owner }) => owner === caller.accountId)
            : [find(id, caller.accountId)];
        const found = applyFilters(own, input, {
          'connection-notification-arn': ({ topicArn }) => [topicArn],
          'connection-notification-id': (notification) => [notification.id],
          'connection-notification-state': () => ['Enabled'],
          'connection-notification-type': () => ['Topic'],
          'service-id': ({ serviceId }) => [serviceId],
          'vpc-endpoint-id': ({ endpointId }) => [endpointId],
        });
        const { items, nextToken } = ec2Page(found, (notification) => notification.id, input);
        return { connectionNotificationSet: items.map((item) => write(state, item)), nextToken };
      },
    }),

    ModifyVpcEndpointConnectionNotification: ec2Operation({
      required: ['ConnectionNotificationId'],
      optional: ['ConnectionNotificationArn', 'ConnectionEvents'],
      run: (input, { caller }) => {
        const old = find(input.string('ConnectionNotificationId'), caller.accountId);
        const events = input.strings('ConnectionEvents');
        const changed = createNotification(state, {
          owner: old.owner,
          serviceId: old.serviceId,
          endpointId: old.endpointId,
          topicArn: input.optionalString('ConnectionNotificationArn') ?? old.topicArn,
          events: events.length === 0 ? old.events : events,
        });
        state.notifications.delete(changed.id);
        state.notifications.set(old.id, { ...changed, id: old.id });
        return { return: true };
      },
    }),

    DeleteVpcEndpointConnectionNotifications: ec2Operation({
      required: ['ConnectionNotificationId'],
      run: (input, { caller }) => ({
        unsuccessful: input.strings('ConnectionNotificationId').flatMap((id) => {
          try {
            state.notifications.delete(find(id, caller.accountId).id);
            return [];
          } catch (error) {
            if (!(error instanceof AwsError)) throw error;
            return [{ resourceId: id, error: { code: error.code, message: error.message } }];
          }
        }),
      }),
    }),
  };
}

const write = (state: Ec2State, notification: ConnectionNotification): unknown => ({
  connectionNotificationId: notification.id,
  serviceId: notification.serviceId,
  vpcEndpointId: notification.endpointId,
  connectionNotificationType: 'Topic',
  connectionNotificationArn: notification.topicArn,
  connectionEvents: notification.events,
  connectionNotificationState: 'Enabled',
  serviceRegion: state.region,
});
