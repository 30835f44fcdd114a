/** What a CloudFormation resource became in the local stack. */
export interface Provisioned {
  /** What `Ref` gives. */
  ref: string;
  /** What `Fn::GetAtt` gives. */
  attributes?: Record<string, string>;
}

/** Makes one resource of the packaged template real. Properties arrive with every intrinsic function resolved. */
type ResourceHandler = (
  logicalId: string,
  properties: Record<string, unknown>,
) => Provisioned | Promise<Provisioned>;

/** Handlers by CloudFormation resource type, for instance `AWS::EC2::VPCEndpointService`. */
export type ResourceHandlers = Record<string, ResourceHandler>;
