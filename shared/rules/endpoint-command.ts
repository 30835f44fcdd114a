/** What a person pastes into a shell to decide about an endpoint by hand; name and reason are theirs to fill in. */
export function commandLine(
  machineArn: string,
  action: 'accept' | 'reject' | 'adopt',
  endpoint: { serviceId: string; endpointId: string; ownerAccount: string },
): string {
  const input = {
    serviceId: endpoint.serviceId,
    endpointId: endpoint.endpointId,
    action,
    ownerAccount: endpoint.ownerAccount,
    approvedBy: 'YOUR NAME',
    reason: 'WHY',
  };
  return `aws stepfunctions start-execution --state-machine-arn ${machineArn} --input '${JSON.stringify(input)}'`;
}
