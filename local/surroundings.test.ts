import { expect, test } from 'vitest';
import { forgetSurroundings } from './surroundings.ts';

test('forgets what is meant for the real AWS, another database or a proxy, and keeps the rest', () => {
  const env = {
    PATH: '/usr/bin',
    TMPDIR: '/tmp',
    PGP_KEY: 'not a database',
    AWS_PROFILE: 'production',
    AWS_ENDPOINT_URL_EC2: 'https://ec2.example.com',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_CONFIG_FILE: '/home/somebody/.aws/config',
    PGHOST: '/run/postgresql',
    PGOPTIONS: '-c search_path=elsewhere',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    HTTP_PROXY: 'http://proxy.example.com',
    https_proxy: 'http://proxy.example.com',
  };
  forgetSurroundings(env);
  expect(env).toEqual({
    PATH: '/usr/bin',
    TMPDIR: '/tmp',
    PGP_KEY: 'not a database',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  });
});
