#!/usr/bin/env node
// What npx starts: says in a sentence that packages or the right Node.js are missing, before a line of TypeScript is
// read, and then begins.
'use strict';
require('../scripts/require-node.cjs');
void import('./main.ts');
