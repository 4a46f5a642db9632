import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePort } from '../../../src/common/free-port.js';

describe('freePort', () => {
  it('passes over ports that are taken, and says when none is left', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: taken } = server.address() as { port: number };
    expect(await freePort({ from: taken, to: taken + 2 })).toBe(taken + 1);
    await expect(freePort({ from: taken, to: taken + 1 })).rejects.toThrow(`every port from ${taken} to ${taken}`);
    server.close();
  });
});
