/**
 * What a person pastes into a shell to decide about an endpoint by hand; name and reason are theirs to fill in. The
 * Region is the machine's, whatever the person's own shell is set to.
 */
export function commandLine(
  machineArn: string,
  action: 'accept' | 'reject' | 'adopt',
  { serviceId, endpointId, ownerAccount }: { serviceId: string; endpointId: string; ownerAccount: string },
): string {
  const input = { serviceId, endpointId, action, ownerAccount, approvedBy: 'YOUR NAME', reason: 'WHY' };
  const region = machineArn.split(':')[3] ?? '';
  return `aws stepfunctions start-execution --region ${region} --state-machine-arn ${machineArn} --input '${JSON.stringify(input)}'`;
}
