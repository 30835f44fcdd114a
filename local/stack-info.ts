/** What `npm run local` writes to .local/stack.json: everything that somebody needs to use the running stack. */
export interface StackInfo {
  awsEndpoint: string;
  region: string;
  accountId: string;
  /** ARN by the machine's name in state-machines/. */
  stateMachines: Record<string, string>;
  /** ARN by the function's folder. */
  functions: Record<string, string>;
  eventBusName: string;
  endpointService: { serviceId: string; serviceName: string };
  fivetranUrl: string;
  fivetranApiKey: string;
  fivetranApiSecret: string;
  /** The group, and so the Databricks destination, that connections are made in. */
  fivetranGroupId: string;
  webhookUrl: string;
  /** PEM file with the authority of the webhook's certificate. */
  webhookCaFile: string;
  webhookSecret: string;
  databricksUrl: string;
  slackUrl: string;
  /** GET: all messages as JSON. */
  slackMessagesUrl: string;
  /** Connection strings, the PEM file with the authority of the server's certificate, and where to break things. */
  postgres: { admin: string; fivetran: string; caFile: string; faultsUrl: string };
  pid: number;
}
