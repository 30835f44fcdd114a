import * as z from 'zod/mini';

/** What a connection notification points at; everything else of it is read anew. */
export interface EndpointHint {
  serviceId: string;
  endpointId: string;
}

const Notification = z.object({
  Records: z.array(
    z.object({
      Sns: z.object({
        Message: z._default(z.string(), ''),
        MessageAttributes: z._default(z.unknown(), undefined),
        Subject: z.nullish(z.string()),
      }),
    }),
  ),
});

/**
 * One entry for each record of an SNS event: the endpoint and service that its text names anywhere, or undefined
 * when it names none. AWS documents neither the body nor the attributes, so their form is not relied on.
 */
export function readHints(event: unknown): (EndpointHint | undefined)[] {
  const result = z.safeParse(Notification, event);
  if (!result.success) return [undefined];
  return result.data.Records.map(({ Sns }) =>
    readHint(`${Sns.Message} ${Sns.Subject ?? ''} ${JSON.stringify(Sns.MessageAttributes ?? {})}`),
  );
}

function readHint(text: string): EndpointHint | undefined {
  const serviceId = /\bvpce-svc-[0-9a-f]{8,17}\b/.exec(text)?.[0];
  const endpointId = /\bvpce-[0-9a-f]{8,17}\b/.exec(text)?.[0];
  return serviceId === undefined || endpointId === undefined ? undefined : { serviceId, endpointId };
}
