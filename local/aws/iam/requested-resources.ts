interface Account {
  accountId: string;
  region: string;
}

/**
 * The ARNs that a request is about, as the service authorization reference has them; `*` for actions without
 * resource types. https://docs.aws.amazon.com/service-authorization/latest/reference/
 */
export function resourcesOf(
  scope: string,
  operation: string,
  input: Record<string, unknown>,
  { accountId, region }: Account,
): string[] {
  const arn = (service: string, rest: string): string =>
    rest.startsWith('arn:') ? rest : `arn:aws:${service}:${region}:${accountId}:${rest}`;
  const text = (name: string): string[] => {
    const value = input[name];
    return typeof value === 'string' && value !== '' ? [value] : [];
  };
  const texts = (name: string): string[] => {
    const value = input[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  };
  const orEverything = (found: string[]): string[] => (found.length === 0 ? ['*'] : found);
  // Describe and List actions of these two have no resource types.
  if ((scope === 'ec2' || scope === 'elasticloadbalancing') && operation.startsWith('Describe')) return ['*'];

  switch (scope) {
    case 'dynamodb':
      return orEverything(text('TableName').map((name) => arn('dynamodb', `table/${name}`)));
    case 'ec2':
      return orEverything([
        ...text('ServiceId').map((id) => arn('ec2', `vpc-endpoint-service/${id}`)),
        ...texts('VpcEndpointId').map((id) => arn('ec2', `vpc-endpoint/${id}`)),
        ...texts('ResourceId').map((id) => arn('ec2', `${ec2ResourceType(id)}/${id}`)),
      ]);
    case 'elasticloadbalancing':
      return orEverything([...text('TargetGroupArn'), ...text('LoadBalancerArn')]);
    case 'events':
      return orEverything(
        entriesOf(input).map((bus) => arn('events', bus.startsWith('event-bus/') ? bus : `event-bus/${bus}`)),
      );
    case 'secretsmanager':
      // A secret's ARN ends in six characters that nobody knows beforehand; policies end in a wildcard.
      return orEverything(text('SecretId').map((id) => arn('secretsmanager', `secret:${id}-AbCdEf`)));
    case 'states':
      return orEverything([...text('stateMachineArn'), ...text('executionArn')]);
    case 'sqs':
      return orEverything([
        ...text('QueueArn'),
        ...text('QueueUrl').map((url) => arn('sqs', url.slice(url.lastIndexOf('/') + 1))),
      ]);
    case 'lambda':
      return orEverything(
        text('FunctionName').map((name) =>
          arn('lambda', name.startsWith('arn:') ? name : `function:${name}`),
        ),
      );
    default:
      return ['*'];
  }
}

function ec2ResourceType(id: string): string {
  if (id.startsWith('vpce-svc-')) return 'vpc-endpoint-service';
  if (id.startsWith('vpce-con')) return 'vpc-endpoint-connection';
  return 'vpc-endpoint';
}

function entriesOf(input: Record<string, unknown>): string[] {
  const entries: unknown[] = Array.isArray(input.Entries) ? input.Entries : [];
  return entries.flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null || !('EventBusName' in entry)) return ['default'];
    return typeof entry.EventBusName === 'string' ? [entry.EventBusName] : ['default'];
  });
}
