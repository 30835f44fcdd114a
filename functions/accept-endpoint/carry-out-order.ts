import type { Acceptance, Order } from '../../shared/contracts/endpoint-decision.ts';
import type { Expectation } from '../../shared/contracts/endpoint-register.ts';
import { NotFoundError } from '../../shared/errors.ts';
import { isAccepted, isGone } from '../../shared/rules/endpoint-decision.ts';
import { bind, forgetRequest, noteRejection, release, stands } from '../../shared/rules/endpoint-register.ts';
import {
  type Dependencies,
  bindingFor,
  connectionOf,
  describeClaim,
  gone,
  leaveTrace,
  linkIdOf,
  refused,
  ended,
} from './task.ts';

/** A person cuts an endpoint off, or turns a request down. */
export async function reject(
  order: Extract<Order, { do: 'reject' }>,
  dependencies: Dependencies,
): Promise<Acceptance> {
  const { serviceId, endpointId } = order;
  const { privateLink, registers, clock, log } = dependencies;
  // Noted first: EC2's notification of the rejection must not look like a loss that nobody wanted. Released last: the
  // claim is not free for another endpoint before this one is cut off.
  await registers.change(serviceId, (register) => ({
    register: noteRejection(register, endpointId, order.by),
    answer: undefined,
  }));
  const change = await privateLink.reject(serviceId, endpointId);
  const after = await connectionOf(order, dependencies);
  if (!change.done && after !== undefined && !isGone(after.state)) throw refused(endpointId, change);
  await registers.change(serviceId, (register) => ({
    register: forgetRequest(
      release(register, endpointId, clock.now().toISOString(), 'rejected') ?? register,
      endpointId,
    ),
    answer: undefined,
  }));
  log.info('REJECTED', 'A person rejected an endpoint.', {
    serviceId,
    endpointId,
    by: order.by,
    reason: order.reason,
  });
  return {
    ...ended(order, after, clock),
    outcome: 'rejected',
    summary: `${endpointId} was rejected by ${order.by}: ${order.reason}.`,
  };
}

/** A person vouches for an endpoint that is accepted already. */
export async function adopt(
  order: Extract<Order, { do: 'adopt' }>,
  execution: string,
  dependencies: Dependencies,
): Promise<Acceptance> {
  const connection = await connectionOf(order, dependencies);
  if (connection === undefined || !isAccepted(connection.state)) return gone(order, connection, dependencies);
  const binding = bindingFor({ ...order, createdAt: connection.createdAt }, execution, dependencies.clock);
  await dependencies.registers.change(order.serviceId, (register) => {
    const outcome = bind(register, binding);
    return 'register' in outcome ? { register: outcome.register, answer: undefined } : { answer: undefined };
  });
  await leaveTrace(connection, order.claim, execution, dependencies);
  return {
    ...ended(order, connection, dependencies.clock),
    outcome: 'recorded',
    privateLinkId: linkIdOf(order.claim),
    summary: `${order.endpointId} is adopted: ${describeClaim(order.claim)}.`,
  };
}

/** An operator says that one endpoint will come. */
export async function expectEndpoint(
  order: Extract<Order, { do: 'expect' }>,
  execution: string,
  { registers, clock }: Dependencies,
): Promise<Acceptance> {
  const now = clock.now();
  const expectation: Expectation = {
    // The execution's own name: carrying the order out twice records it once.
    expectationId: execution.split(':').at(-1) ?? execution,
    recordedBy: order.by,
    reason: order.reason,
    recordedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + order.days * 86_400_000).toISOString(),
  };
  await registers.change(order.serviceId, (register) =>
    register.expectations.some(({ expectationId }) => expectationId === expectation.expectationId)
      ? { answer: undefined }
      : {
          register: {
            ...register,
            changedAt: expectation.recordedAt,
            expectations: [...register.expectations, expectation],
          },
          answer: undefined,
        },
  );
  return {
    ...ended({ ownerAccount: '' }, undefined, clock),
    outcome: 'recorded',
    summary: `${order.by} expects one endpoint of Fivetran's at ${order.serviceId} until ${expectation.expiresAt} (expectation ${expectation.expectationId}).`,
  };
}

/**
 * An operator takes an expectation back.
 *
 * @throws NotFoundError naming the field
 */
export async function withdraw(
  order: Extract<Order, { do: 'withdraw' }>,
  { registers, clock }: Dependencies,
): Promise<Acceptance> {
  const at = clock.now().toISOString();
  const found = await registers.change(order.serviceId, (register) => {
    const known = register.expectations.find(({ expectationId }) => expectationId === order.expectationId);
    if (known === undefined) return { answer: false };
    if (!stands(known, at)) return { answer: true };
    return {
      register: {
        ...register,
        expectations: register.expectations.map((each) =>
          each === known ? { ...each, withdrawnAt: at } : each,
        ),
      },
      answer: true,
    };
  });
  if (!found) {
    throw new NotFoundError(`expectationId: ${order.serviceId} has no expectation ${order.expectationId}.`);
  }
  return {
    ...ended({ ownerAccount: '' }, undefined, clock),
    outcome: 'recorded',
    summary: `${order.by} withdrew the expectation ${order.expectationId} at ${order.serviceId}.`,
  };
}
