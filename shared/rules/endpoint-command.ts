import type { HeldEndpoint } from '../contracts/held-endpoint.ts';
import { AccountId, EndpointId, ServiceId } from '../contracts/ids.ts';

/** Only ids of their exact form are put into a command that somebody will paste into a shell. */
export const hasUsableIds = ({ serviceId, endpointId, ownerAccount }: HeldEndpoint): boolean =>
  ServiceId.safeParse(serviceId).success &&
  EndpointId.safeParse(endpointId).success &&
  AccountId.safeParse(ownerAccount).success;

/**
 * What a person pastes into a shell to decide about an endpoint by hand; name and reason are theirs to fill in. The
 * Region is the machine's, whatever the person's own shell is set to.
 */
export function commandLine(
  machineArn: string,
  action: 'accept' | 'reject' | 'adopt',
  { serviceId, endpointId, ownerAccount }: HeldEndpoint,
): string {
  const input = { serviceId, endpointId, action, ownerAccount, approvedBy: 'YOUR NAME', reason: 'WHY' };
  const region = machineArn.split(':')[3] ?? '';
  return `aws stepfunctions start-execution --region ${region} --state-machine-arn ${machineArn} --input '${JSON.stringify(input)}'`;
}

/** The same by the command line of this project, in a checkout of it. */
export function operatorCommand(
  machineArn: string,
  action: 'accept' | 'reject' | 'adopt',
  { serviceId, endpointId, ownerAccount }: HeldEndpoint,
): string {
  const [, , , region = '', , , name = ''] = machineArn.split(':');
  const stage = /^fivetran-privatelink-(.+)-accept-endpoint$/.exec(name)?.[1];
  const where = `${stage === undefined ? '' : ` --stage ${stage}`} --region ${region}`;
  return `npx fivetran-privatelink ${action} ${serviceId} ${endpointId} --owner ${ownerAccount} --by 'YOUR NAME' --reason 'WHY'${where}`;
}
