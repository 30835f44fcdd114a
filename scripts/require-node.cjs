// Preloaded by every script of package.json, before a line of TypeScript is read: on a system for which npm has no
// Node 24 the outer Node runs the program, and one that is too old would only say "Unknown file extension .ts".
'use strict';
const { existsSync } = require('node:fs');
const path = require('node:path');

const [major, minor] = process.versions.node.split('.').map(Number);
const nodeModules = path.join(__dirname, '..', 'node_modules');

if (!existsSync(path.join(nodeModules, 'pg'))) {
  refuse('The packages are not installed. Run npm ci first.');
} else if (major < 22 || (major === 22 && minor < 18)) {
  const brought = existsSync(path.join(nodeModules, '.bin', 'node'));
  refuse(
    brought
      ? 'Run it by npm or npx, which bring the right Node.js; this is ' + process.version + '.'
      : 'Node.js 22.18 or newer is needed here, and this is ' +
          process.version +
          '. On Linux (x64, arm64) npm ci' +
          ' brings Node.js 24 along unless optional packages are left out; elsewhere install Node.js 24.',
  );
}

/** @param {string} message */
function refuse(message) {
  process.stderr.write(message + '\n');
  process.exit(2);
}
