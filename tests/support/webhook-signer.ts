import { createHmac } from 'node:crypto';

/** The signature that Fivetran sends with a webhook's raw body. */
export function sign(body: Buffer | string, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}
