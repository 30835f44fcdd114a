// The framework creates a new stack with nothing but its bucket, and gives that template every parameter all the same;
// CloudFormation refuses parameters that a template does not declare. So the first template declares them too, which
// also has CloudFormation look at the VPC and its subnets before anything is made.

/**
 * A plugin of the framework, which makes it with `new`.
 *
 * @param {{ service: { provider: {
 *   coreCloudFormationTemplate: Record<string, unknown>,
 *   compiledCloudFormationTemplate: Record<string, unknown>,
 * } } }} serverless
 */
function firstDeployment({ service }) {
  return {
    hooks: {
      'before:aws:deploy:deploy:createStack': () => {
        const { coreCloudFormationTemplate: first, compiledCloudFormationTemplate: whole } = service.provider;
        first['Parameters'] = whole['Parameters'];
      },
    },
  };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { firstDeployment as 'module.exports' };
