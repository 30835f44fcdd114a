// The shape that every role of the stack has.

/**
 * A role that one AWS service takes on, and nobody else.
 *
 * @param {object} role
 * @param {string} role.service for instance `states`
 * @param {unknown} [role.source] ARN on whose behalf alone; a service that acts for whole accounts needs one
 * @param {unknown[]} role.statements what it allows
 */
export const serviceRole = ({ service, source, statements }) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: `${service}.amazonaws.com` },
          Action: 'sts:AssumeRole',
          // Both keep another account from acting through the service (confused deputy):
          // https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
          ...(source === undefined
            ? {}
            : {
                Condition: {
                  StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
                  ArnLike: { 'aws:SourceArn': source },
                },
              }),
        },
      ],
    },
    Policies: [{ PolicyName: 'grants', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});
