import { describe, expect, test } from 'vitest';
import { readHints } from '../../shared/contracts/endpoint-notification.ts';
import {
  createEndpointWorld,
  endpointIdOf,
  execution,
  fivetran,
  serviceId,
} from '../../tests/support/endpoint-world.ts';
import { onEndpointNotification } from './on-endpoint-notification.ts';

const sns = (...messages: unknown[]) => ({
  Records: messages.map((Message) => ({ EventSource: 'aws:sns', Sns: { MessageId: 'm', Message } })),
});
const about = (endpointId: string) =>
  sns(JSON.stringify({ 'vpc-endpoint-id': endpointId, service: serviceId }));

describe('the message is only a hint', () => {
  test.each([
    ['JSON with the ids as fields', JSON.stringify({ VpcEndpointId: endpointIdOf(1), ServiceId: serviceId })],
    [
      'JSON that names the service by its name',
      JSON.stringify({ a: `com.amazonaws.vpce.us-east-1.${serviceId}`, b: endpointIdOf(1) }),
    ],
    ['a sentence', `Endpoint ${endpointIdOf(1)} asks to connect to ${serviceId}.`],
    ['a DNS name before the id', `x.${serviceId}.us-east-1.vpce.amazonaws.com ${endpointIdOf(1)}`],
  ])('%s leads to the endpoint', (_, message) => {
    expect(readHints(sns(message))).toEqual([{ serviceId, endpointId: endpointIdOf(1) }]);
  });

  test('the ids are found in attributes and subject too', () => {
    const event = {
      Records: [
        { Sns: { Message: '', Subject: serviceId, MessageAttributes: { id: { Value: endpointIdOf(1) } } } },
      ],
    };
    expect(readHints(event)).toEqual([{ serviceId, endpointId: endpointIdOf(1) }]);
  });

  test.each([
    ['no records', {}],
    ['nothing', null],
    ['a text', 'vpce'],
    ['records of another kind', { Records: [{ s3: {} }] }],
    ['a message without ids', sns('Hello.')],
    ['a message that is no text', sns({ a: 1 })],
    ['a connection id instead of an endpoint id', sns(`vpce-con-0123456789abcdef0 ${serviceId}`)],
  ])('%s is logged, counted and dropped, and never tried again', async (_, event) => {
    const world = createEndpointWorld();
    await expect(onEndpointNotification(readHints(event), world.dependencies)).resolves.toEqual({
      events: 0,
      dropped: 1,
    });
    expect(world.seen.logs).toContain('NOTIFICATION_DROPPED');
    expect(world.seen.counts).toEqual({ NotificationsDropped: 1 });
    expect(world.seen.ec2).toEqual([]);
  });

  test('one bad record does not keep the others', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1);
    const event = sns('Hello.', `${serviceId} ${endpointId}`);
    await expect(onEndpointNotification(readHints(event), world.dependencies)).resolves.toEqual({
      events: 1,
      dropped: 1,
    });
  });

  test('EC2 that cannot be asked is a failure, which Lambda tries again', async () => {
    const world = createEndpointWorld();
    world.dependencies.privateLink.connections = () => Promise.reject(new Error('Throttled.'));
    await expect(
      onEndpointNotification(readHints(about(endpointIdOf(1))), world.dependencies),
    ).rejects.toThrow('Throttled.');
  });
});

describe('what is true decides', () => {
  test('a pending request is asked about, whatever the message claims of its owner', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1);
    const event = sns(JSON.stringify({ endpointId, serviceId, state: 'available', action: 'accept' }));
    await onEndpointNotification(readHints(event), world.dependencies);
    expect(world.seen.events).toEqual([
      {
        type: 'Endpoint Connection Requested',
        detail: { version: 1, serviceId, endpointId, observedBy: 'notification' },
      },
    ]);
  });

  test('a request that EC2 does not list yet is asked about too', async () => {
    const world = createEndpointWorld();
    await onEndpointNotification(readHints(about(endpointIdOf(1))), world.dependencies);
    expect(world.seen.events).toMatchObject([{ type: 'Endpoint Connection Requested' }]);
  });

  test('an accepted endpoint that is deleted is lost, told of once', async () => {
    const world = createEndpointWorld();
    const { endpointId, createdAt } = world.request(1, { state: 'deleting' });
    await world.registers.change(serviceId, (register) => ({
      register: {
        ...register,
        bindings: [
          {
            serviceId,
            endpointId,
            ownerAccount: fivetran,
            endpointCreatedAt: createdAt,
            claim: { kind: 'private-link', privateLinkId: 'pl_one' },
            boundAt: createdAt,
            boundBy: execution,
            provenAt: createdAt,
          },
        ],
      },
      answer: undefined,
    }));
    await onEndpointNotification(readHints(about(endpointId)), world.dependencies);
    world.moveTo(endpointId, 'deleted');
    await onEndpointNotification(readHints(about(endpointId)), world.dependencies);
    expect(world.seen.events).toEqual([
      {
        type: 'Endpoint Connection Lost',
        detail: {
          version: 1,
          serviceId,
          endpointId,
          state: 'deleting',
          since: world.state.now.toISOString(),
        },
      },
    ]);
    await expect(world.registers.bindingOfService(serviceId)).resolves.toBeUndefined();
  });

  test('the notification of our own acceptance changes nothing', async () => {
    const world = createEndpointWorld();
    world.request(1, { state: 'available' });
    await world.registers.change(serviceId, (register) => ({
      register: {
        ...register,
        bindings: [
          {
            serviceId,
            endpointId: endpointIdOf(1),
            ownerAccount: fivetran,
            endpointCreatedAt: world.state.now.toISOString(),
            claim: { kind: 'private-link', privateLinkId: 'pl_one' },
            boundAt: world.state.now.toISOString(),
            boundBy: execution,
          },
        ],
      },
      answer: undefined,
    }));
    const before = await world.registers.read(serviceId);
    await onEndpointNotification(readHints(about(endpointIdOf(1))), world.dependencies);
    expect(world.seen.events).toEqual([]);
    await expect(world.registers.read(serviceId)).resolves.toEqual(before);
  });

  test.each(['available', 'rejected'] as const)(
    'an endpoint that is %s at a service that is not ours to manage is nobody’s business',
    async (state) => {
      const world = createEndpointWorld();
      world.state.service = { ...world.state.service, tags: {} };
      const { endpointId } = world.request(1, { state });
      await onEndpointNotification(readHints(about(endpointId)), world.dependencies);
      await onEndpointNotification(readHints(about(endpointIdOf(2))), world.dependencies);
      expect(world.seen.events).toEqual([]);
      expect(world.seen.ledger).toEqual([]);
    },
  );

  test('a request is asked about without a second question to EC2, for accept-endpoint checks the service', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1);
    await onEndpointNotification(readHints(about(endpointId)), world.dependencies);
    expect(world.seen.ec2).toEqual(['connections']);
  });
});
