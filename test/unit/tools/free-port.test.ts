import { describe, expect, it } from '@jest/globals';
import { freePort } from '../../../tools/free-port.js';

describe('the free ports of a test worker', () => {
  it('are different for callers at once, and later', async () => {
    const ask = () => Promise.all(Array.from({ length: 50 }, () => freePort()));
    const ports = [...(await ask()), ...(await ask())];
    expect(new Set(ports).size).toBe(100);
  });
});
