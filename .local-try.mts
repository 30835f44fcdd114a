import { startStack } from './local/stack.ts';
const stack = await startStack({});
console.log(JSON.stringify(stack.info, null, 1));
const { info, stepFunctions, slack } = stack;
import { writeFileSync } from 'node:fs';
writeFileSync('/tmp/ep-stack.json', JSON.stringify(info));
process.on('SIGTERM', () => void stack.stop().then(() => process.exit(0)));
setTimeout(() => void stack.stop().then(() => process.exit(0)), 1000 * Number(process.argv[2] ?? 300));
