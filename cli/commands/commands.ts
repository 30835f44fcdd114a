import type { Command } from '../command.ts';
import { connect } from './connect.ts';
import { accept, adopt, expect, reject, withdraw } from './decide.ts';
import { doctor } from './doctor.ts';
import { status } from './status.ts';
import { sync } from './sync.ts';
import { webhook } from './webhook.ts';

/** All commands, in the order in which `--help` lists them. */
export const commands: readonly Command[] = [
  status,
  doctor,
  connect,
  sync,
  accept,
  reject,
  expect,
  withdraw,
  adopt,
  webhook,
];
