import net from 'node:net';

/**
 * Unit tests reach nothing but this machine: whatever opens a socket to another address fails loudly, so that no
 * test depends on the internet by accident.
 */
const connect: unknown = Reflect.get(net.Socket.prototype, 'connect');
if (typeof connect !== 'function') throw new Error('net.Socket has no connect method to guard.');

Reflect.set(net.Socket.prototype, 'connect', function (this: net.Socket, ...args: unknown[]) {
  const [first] = args;
  const options: unknown = Array.isArray(first) ? first[0] : first;
  const host: unknown =
    typeof options === 'object' && options !== null && 'host' in options ? options.host : args[1];
  if (typeof host === 'string' && !/^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)) {
    throw new Error(`A unit test tried to reach ${host}; unit tests stay on this machine.`);
  }
  const socket: unknown = Reflect.apply(connect, this, args);
  return socket;
});
