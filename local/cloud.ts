import { createDynamodb, type Dynamodb } from './aws/dynamodb/dynamodb.ts';
import type { Ec2 } from './aws/ec2/ec2.ts';
import type { Elbv2 } from './aws/elbv2/elbv2.ts';
import { startAwsEndpoint, type AwsEndpoint } from './aws/endpoint.ts';
import { createPrivateLink } from './aws/private-link.ts';
import { createSecretsManager, type SecretsManager } from './aws/secrets-manager/secrets-manager.ts';
import { createSts } from './aws/sts.ts';
import { createDeliver } from './deliver.ts';
import { createCourier } from './aws/events/delivery.ts';
import { createEventBridge, type EventBridge } from './aws/events/event-bridge.ts';
import { eventResources } from './aws/events/resources.ts';
import { createScheduler, type Scheduler } from './aws/events/scheduler.ts';
import { schedulerService } from './aws/events/scheduler-service.ts';
import { eventBridgeService } from './aws/events/service.ts';
import { startHttpApi, type HttpApi } from './aws/http-api/http-api.ts';
import { createPermissions } from './aws/iam/permissions.ts';
import { createResourcePolicies } from './aws/iam/resource-policies.ts';
import { createIam, type Iam } from './aws/iam/iam.ts';
import { createLambdaHost, type LambdaHost } from './aws/lambda/lambda-host.ts';
import { lambdaResources, lambdaService } from './aws/lambda/service.ts';
import { startLink, type Link } from './aws/link/relay.ts';
import type { Observer } from './observer.ts';
import { createSns, type Sns } from './aws/sns/sns.ts';
import { createSqs, type Sqs } from './aws/sqs/sqs.ts';
import { stepFunctionsResources, stepFunctionsService } from './aws/step-functions/service.ts';
import { createStepFunctions, type StepFunctions } from './aws/step-functions/step-functions.ts';
import { namedResources } from './template/named-resources.ts';
import { provision, type ProvisionedStack } from './template/provision.ts';
import type { Template } from './template/template.ts';

export interface CloudOptions {
  /** The project's folder: bundles are in its `.build/`. */
  root: string;
  accountId: string;
  region: string;
  /** Deployed names begin with it: `<service>-<stage>`. */
  stackName: string;
  observer: Observer;
  /** Factor on AWS's own delays and on health check intervals: 1 is real time. */
  scale: number;
  /** Factor on the time until a schedule fires. */
  scheduleScale?: number;
  /** Milliseconds before a machine tries a step again, instead of what its retrier says. */
  stepRetryMs?: number;
}

/** The AWS side of one machine: every service behind one URL, and the template made real on it. */
export interface Cloud {
  awsEndpoint: AwsEndpoint;
  iam: Iam;
  ec2: Ec2;
  elbv2: Elbv2;
  link: Link;
  secrets: SecretsManager;
  dynamodb: Dynamodb;
  lambda: LambdaHost;
  stepFunctions: StepFunctions;
  eventBridge: EventBridge;
  scheduler: Scheduler;
  sqs: Sqs;
  sns: Sns;
  httpApi: HttpApi;
  /** @throws TemplateError, or what a resource's handler says */
  provision: (template: Template, parameters: Record<string, string>) => Promise<ProvisionedStack>;
  /** Resolves when no event, asynchronous invocation or execution is under way. */
  idle: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts all of it on free loopback ports. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { accountId, region, stackName, observer, scale } = options;
  const account = { accountId, region };
  let url = '';
  const iam = createIam(account, {
    tagsOf: (arn) =>
      arn.includes(':ec2:') ? ec2.tagsOf(arn.slice(arn.lastIndexOf('/') + 1)) : elbv2.tagsOf(arn),
    partitionKeyOf: (table) => dynamodb.partitionKeyOf(table),
  });
  const policies = createResourcePolicies(account);
  const permissions = createPermissions(iam, policies);

  const lambda = createLambdaHost({
    ...account,
    root: options.root,
    observer,
    variables: ({ roleArn }) => ({ AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: iam.accessKeyOf(roleArn) }),
    sendToQueue: (queueArn, body) => sqs.send(queueArn, body),
  });
  const sqs = createSqs({ ...account, endpoint: () => url });
  const stepFunctions = createStepFunctions({
    ...account,
    observer,
    refusal: (act) => permissions.refusal(act),
    ...(options.stepRetryMs === undefined ? {} : { retryMs: options.stepRetryMs }),
    invoke: (functionArn, event) => lambda.invoke(functionArn, event),
    publish: ({ resources, detail }) => {
      eventBridge.put({
        source: 'aws.states',
        detailType: 'Step Functions Execution Status Change',
        resources,
        detail,
      });
    },
  });
  const courier = createCourier({
    deliver: createDeliver({ lambda, stepFunctions, sqs, permissions }),
    sendToQueue: ({ from, roleArn }, queueArn, body, attributes) => {
      // A schedule writes to its dead-letter queue in its role, a rule in EventBridge's own name.
      const role = from.split(':')[2] === 'scheduler' ? roleArn : undefined;
      const act = { action: 'sqs:SendMessage', targetArn: queueArn, from, roleArn: role };
      if (!sqs.has(queueArn) || permissions.refusal(act) !== undefined) return false;
      sqs.send(queueArn, body, attributes);
      return true;
    },
    observer,
  });
  const eventBridge = createEventBridge({ ...account, observer, courier });
  const scheduler = createScheduler({ intervalScale: options.scheduleScale ?? 1 });
  const sns = createSns({
    ...account,
    deliver: ({ endpoint }, payload, topicArn) => {
      courier.send({
        from: topicArn,
        targetArn: endpoint,
        roleArn: undefined,
        payload,
        original: payload,
        id: 'sns',
        policy: { maximumRetryAttempts: 3, maximumEventAgeSeconds: 3600, deadLetterArn: undefined },
      });
    },
  });
  const { ec2, elbv2 } = createPrivateLink({
    ...account,
    scale,
    publish: (topicArn, message, from) => {
      const act = { action: 'sns:Publish', targetArn: topicArn, from, roleArn: undefined };
      const reason = permissions.refusal(act);
      if (reason === undefined) sns.publish(topicArn, message);
      else observer.emit({ kind: 'delivery-failed', from, target: topicArn, reason, deadLettered: false });
    },
  });
  ec2.onChange(({ serviceId, id, owner, state }) => {
    observer.emit({ kind: 'endpoint-changed', serviceId, endpointId: id, owner, state });
  });
  const secrets = createSecretsManager(account);
  const dynamodb = await createDynamodb(account);
  const httpApi = await startHttpApi({
    ...account,
    invoke: async (targetArn, event, from) => {
      const refusal = permissions.refusal({
        action: 'lambda:InvokeFunction',
        targetArn,
        from,
        roleArn: undefined,
      });
      return refusal === undefined ? lambda.invoke(targetArn, event) : { error: new Error(refusal) };
    },
  });
  const awsEndpoint = await startAwsEndpoint({
    ...account,
    authorize: (request) => iam.authorize(request),
    onFault: (error, operation) => observer.fault(`AWS ${operation}`)(error),
    services: [
      ec2.service,
      elbv2.service,
      secrets.service,
      createSts().service,
      dynamodb.service,
      lambdaService(lambda, account),
      stepFunctionsService(stepFunctions),
      eventBridgeService(eventBridge),
      schedulerService(scheduler),
      sqs.service,
      sns.service,
    ],
  });
  ({ url } = awsEndpoint);
  const link = startLink({ ec2, elbv2 });

  const shortName = (name: string): string =>
    name.startsWith(`${stackName}-`) ? name.slice(stackName.length + 1) : name;
  const named = namedResources({ ...account, stackName });
  const handlers = {
    ...named,
    ...ec2.resources,
    ...elbv2.resources,
    ...secrets.resources,
    ...dynamodb.resources,
    ...lambdaResources(lambda, account),
    ...stepFunctionsResources(stepFunctions, shortName),
    ...eventResources({ ...account, eventBridge, scheduler, courier }),
    ...sqs.resources,
    ...sns.resources,
    ...httpApi.resources,
    ...policies.resources,
    ...iam.resources(named),
  };

  return {
    awsEndpoint,
    iam,
    ec2,
    elbv2,
    link,
    secrets,
    dynamodb,
    lambda,
    stepFunctions,
    eventBridge,
    scheduler,
    sqs,
    sns,
    httpApi,
    provision: (template, parameters) => provision(template, { ...account, stackName, parameters, handlers }),
    idle: async () => {
      const running = (): string[] =>
        stepFunctions
          .executions()
          .filter(({ status }) => status === 'RUNNING')
          .map(({ arn }) => arn);
      do {
        await courier.idle();
        await lambda.idle();
        await Promise.all(running().map((arn) => stepFunctions.ended(arn)));
        await courier.idle();
      } while (running().length > 0);
    },
    stop: async () => {
      scheduler.pause();
      ec2.stop();
      elbv2.stop();
      // Nothing new comes in; what runs is stopped before the services that it calls.
      await httpApi.stop();
      await stepFunctions.stopAll();
      await Promise.all([lambda.stop(), courier.stop()]);
      await link.stop();
      await awsEndpoint.stop();
      await dynamodb.stop();
    },
  };
}
