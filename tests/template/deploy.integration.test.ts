import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDeployAccount, type DeployAccount } from './deploy-account.ts';
import { copyProject, type ProjectCopy } from './project-copy.ts';
import { root } from './template.ts';

let project: ProjectCopy;
let account: DeployAccount;
beforeAll(async () => {
  [project, account] = await Promise.all([copyProject(), startDeployAccount()]);
});
afterAll(() => Promise.all([project.remove(), account.stop()]));

it(
  'a first deployment gives every template exactly parameters that it declares',
  { timeout: 300_000 },
  async () => {
    const example = readFileSync(path.join(root, 'params.example.yml'), 'utf8');

    const { code, output } = await project.deploy('prod', example, account.environment);

    expect(code, output).toBe(0);
    const [first, second] = account.requests;
    expect(Object.keys(first?.template.Resources ?? {})).toContain('ServerlessDeploymentBucket');
    expect(first).toMatchObject({ operation: 'CreateStack' });
    expect(second).toMatchObject({ operation: 'UpdateStack' });
    expect(second?.given).toEqual(expect.arrayContaining(['VpcId', 'SubnetIds', 'VpcCidr', 'AlarmEmail']));
  },
);
