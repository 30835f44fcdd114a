// The values that a deployment gives to the template's parameters, checked before anything is packaged.
import { readDeployment } from '../scripts/parameters.ts';

/** @param {{ options: { stage?: string, region?: string } }} framework */
function stackParameters({ options }) {
  const { parameters } = readDeployment({
    stage: options.stage ?? 'dev',
    region: options.region ?? 'us-east-1',
  });
  return Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }));
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { stackParameters as 'module.exports' };
