import { setTimeout as delay } from 'node:timers/promises';
import type { Json } from '../../json.ts';
import type { Observer } from '../../observer.ts';

/** Brings a payload to a function, a machine or a queue. Throws PermanentDeliveryError when trying again is vain. */
export type Deliver = (targetArn: string, payload: Json, cause: DeliveryCause) => void | Promise<void>;

/** Why something is delivered, and with whose permission. */
export interface DeliveryCause {
  id: string;
  /** ARN of the rule, schedule or topic. */
  from: string;
  /** The role that it takes on; without one the target's own policy decides. */
  roleArn: string | undefined;
}

/** The target does not exist or refuses the payload as such. */
export class PermanentDeliveryError extends Error {
  override readonly name = 'PermanentDeliveryError';
}

export interface DeliveryPolicy {
  maximumRetryAttempts: number;
  maximumEventAgeSeconds: number;
  /** Queue for what could not be delivered. */
  deadLetterArn: string | undefined;
}

/** AWS's own defaults: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
export const defaultPolicy: DeliveryPolicy = {
  maximumRetryAttempts: 185,
  maximumEventAgeSeconds: 86_400,
  deadLetterArn: undefined,
};

interface Delivery {
  /** ARN of the rule or schedule. */
  from: string;
  targetArn: string;
  roleArn: string | undefined;
  payload: Json;
  /** What the dead-letter queue gets: the event as it was, not as it was transformed. */
  original: Json;
  id: string;
  policy: DeliveryPolicy;
}

export interface Courier {
  send: (delivery: Delivery) => void;
  /** Resolves when nothing is on its way. */
  idle: () => Promise<void>;
  stop: () => Promise<void>;
}

interface CourierOptions {
  deliver: Deliver;
  /** @returns whether it may be sent there */
  sendToQueue: (
    cause: DeliveryCause,
    queueArn: string,
    body: string,
    attributes: Record<string, string>,
  ) => boolean;
  observer: Observer;
  /** First wait before a retry; doubles up to a hundred times this. */
  retryMs?: number;
}

/** Delivers in the background, tries again as the policy allows, then hands over to the dead-letter queue. */
export function createCourier({ deliver, sendToQueue, observer, retryMs = 100 }: CourierOptions): Courier {
  const running = new Set<Promise<void>>();
  const stopped = new AbortController();
  const isStopped = (): boolean => stopped.signal.aborted;

  const carry = async (delivery: Delivery): Promise<void> => {
    const { policy, targetArn, payload, id, from, roleArn } = delivery;
    const deadline = performance.now() + policy.maximumEventAgeSeconds * 1000;
    for (let attempt = 0; !isStopped(); attempt += 1) {
      try {
        await deliver(targetArn, payload, { id, from, roleArn });
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const permanent = error instanceof PermanentDeliveryError;
        const waitMs = retryMs * Math.min(2 ** attempt, 100);
        const condition =
          attempt >= policy.maximumRetryAttempts
            ? 'MaximumRetryAttempts'
            : performance.now() + waitMs > deadline
              ? 'MaximumEventAgeInSeconds'
              : undefined;
        if (permanent || condition !== undefined) {
          giveUp(delivery, reason, permanent ? undefined : condition, attempt);
          return;
        }
        await delay(waitMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
  };

  const giveUp = (
    { policy, targetArn, original, from, id, roleArn }: Delivery,
    reason: string,
    condition: string | undefined,
    attempts: number,
  ): void => {
    const queue = policy.deadLetterArn;
    const deadLettered =
      queue !== undefined &&
      sendToQueue({ from, id, roleArn }, queue, JSON.stringify(original), {
        RULE_ARN: from,
        TARGET_ARN: targetArn,
        ERROR_CODE: condition === undefined ? 'NO_RESOURCE' : 'SDK_CLIENT_ERROR',
        ERROR_MESSAGE: reason,
        RETRY_ATTEMPTS: String(attempts),
        ...(condition === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: condition }),
      });
    observer.emit({
      kind: 'delivery-failed',
      from,
      target: targetArn,
      reason,
      deadLettered,
    });
  };

  return {
    send: (delivery) => {
      const run: Promise<void> = carry(delivery).finally(() => running.delete(run));
      running.add(run);
    },
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
    stop: async () => {
      stopped.abort();
      await Promise.all(running);
    },
  };
}
