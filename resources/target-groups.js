// The target groups that follow their source's host: those that the stack makes, and those that people brought and
// named in params.yml. What refresh-targets is told, and what its role may change.
import { readDeployment } from '../scripts/parameters.ts';
import { pascalCase } from './names.js';

/** @param {{ options: { stage?: string, region?: string } }} framework */
function targetGroups({ options }) {
  const { sources } = readDeployment({
    stage: options.stage ?? 'dev',
    region: options.region ?? 'us-east-1',
  });
  const groups = sources.flatMap(({ name, endpointServiceId, targetGroupArn }) => {
    if (endpointServiceId === undefined) return [{ name, arn: { Ref: `TargetGroup${pascalCase(name)}` } }];
    return targetGroupArn === undefined ? [] : [{ name, arn: targetGroupArn }];
  });
  return {
    setting:
      groups.length === 0
        ? ''
        : { 'Fn::Join': [',', groups.map(({ name, arn }) => ({ 'Fn::Join': ['=', [name, arn]] }))] },
    arns: groups.map(({ arn }) => arn),
  };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { targetGroups as 'module.exports' };
