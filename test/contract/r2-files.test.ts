import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { PutResult } from '../../src/modules/storage/object-store.port.js';
import type { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import type { S3FaultAction, S3FaultRule } from '../support/s3/s3-faults.js';
import { CountingObserver, newKey, R2Lab } from './r2-lab.js';

const VIDEO = { contentType: 'video/mp4' };
const GIB = 1024 ** 3;
const MD5_OF_ANOTHER = createHash('md5').update('another').digest('hex');

describe('files in R2', () => {
  let lab: R2Lab;
  let folder: string;
  const bytes = randomBytes(600_000);
  const md5Hex = createHash('md5').update(bytes).digest('hex');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hindsight-files-'));
    lab = await R2Lab.start({ writeGapMs: 0 });
  });

  afterEach(() => lab.reset());

  afterAll(async () => {
    await lab.s3.stop();
    await rm(folder, { recursive: true });
  });

  const fileOf = async (content: Buffer): Promise<string> => {
    const path = join(folder, randomUUID());
    await writeFile(path, content);
    return path;
  };

  const put = async (store: R2StoreAdapter, key: string, options: { md5Hex?: string } = {}): Promise<PutResult> =>
    store.putFile(key, await fileOf(bytes), { ...VIDEO, sizeBytes: bytes.length, ...options });

  const fault = (action: S3FaultAction, rule: Omit<S3FaultRule, 'action'> = {}): void =>
    lab.s3.faults.add({ action, operation: 'PutObject', ...rule });

  const isStored = async (key: string): Promise<boolean> => {
    const body = (await lab.s3.getObject(key))?.body;
    return body?.equals(bytes) ?? false;
  };

  it('go there in one request each, with their MD5 and nothing of the newer checksums, and nothing is asked after it', async () => {
    const key = newKey();
    const observer = new CountingObserver();
    await put(lab.open({ observer }), key);
    expect(await lab.s3.getObject(key)).toMatchObject({ contentType: 'video/mp4', metadata: { md5: md5Hex } });
    expect(lab.s3.stats.requests.map(({ operation }) => operation)).toEqual(['PutObject']);
    const names = lab.s3.stats.requests.flatMap(({ headerNames }) => headerNames);
    expect(names).toContain('content-md5');
    expect(names.filter((name) => /checksum|trailer|decoded|content-encoding|expect/.test(name))).toEqual([]);
    expect(observer).toMatchObject({ bytes: bytes.length, failures: 0 });
  });

  it.each<[string, S3FaultAction]>([
    ['is busy', { kind: 'status', status: 503, code: 'SlowDown' }],
    ['has too many writes to it', { kind: 'status', status: 429, code: 'TooManyRequests' }],
    ['cuts the connection at once', { kind: 'reset' }],
    ['cuts the connection in the middle of it', { kind: 'cutRequest', afterBytes: 200_000 }],
    ['cuts the connection before it answers', { kind: 'loseAnswer' }],
    ['gets it damaged', { kind: 'damageOnTheWay' }],
    ['keeps it damaged', { kind: 'damageInStore' }],
  ])('are sent anew, from their first byte on, when the store %s', async (_, action) => {
    for (const store of [lab.open(), lab.open({ maxBytesPerSec: 100_000_000 })]) {
      const key = newKey();
      fault(action, { times: 2, key });
      await put(store, key);
      expect(await isStored(key)).toBe(true);
    }
    expect(lab.s3.stats.count('PutObject')).toBe(6);
  });

  it('are given up when the store does not come back', async () => {
    fault({ kind: 'cutRequest', afterBytes: 1 });
    const key = newKey();
    await expect(put(lab.open(), key)).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE', retryable: true });
    expect(lab.s3.stats.count('PutObject')).toBe(4);
    expect(await lab.s3.getObject(key)).toBeNull();
  });

  it('are not stored when the answer has the MD5 of other bytes', async () => {
    fault({ kind: 'otherTag', etag: `"${MD5_OF_ANOTHER}"` });
    await expect(put(lab.open(), newKey())).rejects.toMatchObject({ code: 'STORAGE.MISMATCH', retryable: true });
    expect(lab.s3.stats.count('PutObject')).toBe(4);
  });

  it('are not stored when they are others than those of the digest that came with them', async () => {
    const key = newKey();
    const refused = put(lab.open(), key, { md5Hex: MD5_OF_ANOTHER });
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
    expect(await lab.s3.getObject(key)).toBeNull();
  });

  it('are looked at where the tag is no MD5', async () => {
    const key = newKey();
    fault({ kind: 'otherTag', etag: '"opaque"' });
    fault({ kind: 'otherTag', etag: '"opaque"' }, { operation: 'HeadObject' });
    expect(await put(lab.open(), key)).toEqual({ sizeBytes: bytes.length, etag: '"opaque"' });
    expect(lab.s3.stats.requests.map(({ operation }) => operation)).toEqual(['PutObject', 'HeadObject']);
  });

  it('are missed when the store only says that it has them, also where older ones of that size lie', async () => {
    const store = lab.open();
    const [empty, taken] = [newKey(), newKey()];
    await store.putFile(taken, await fileOf(randomBytes(bytes.length)), { ...VIDEO, sizeBytes: bytes.length });
    for (const key of [empty, taken]) {
      fault({ kind: 'pretend' }, { key });
      await expect(put(store, key)).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
    }
  });

  it('are never in memory: one that no buffer can hold is on its way at once, until its caller gives up', async () => {
    const path = join(folder, 'large');
    await writeFile(path, '');
    await truncate(path, 6 * GIB);
    for (const store of [lab.open(), lab.open({ maxBytesPerSec: 1_000_000 })]) {
      const stop = new AbortController();
      lab.s3.stats.reset();
      fault({ kind: 'hang' });
      const options = { ...VIDEO, sizeBytes: 6 * GIB, md5Hex: MD5_OF_ANOTHER, signal: stop.signal };
      const ended = expect(store.putFile(newKey(), path, options)).rejects.toMatchObject({ code: 'STORAGE.CANCELLED' });
      while (lab.s3.stats.count('PutObject') === 0) await nextTick();
      stop.abort();
      await ended;
    }
  });

  it('leave nothing when their caller gives up in the middle of one, and none of the line to it', async () => {
    const store = lab.open();
    const key = newKey();
    const large = randomBytes(20_000_000);
    const stop = new AbortController();
    lab.s3.faults.bytesPerSec = 5_000_000;
    const options = { ...VIDEO, sizeBytes: large.length, signal: stop.signal };
    const ended = expect(store.putFile(key, await fileOf(large), options)).rejects.toMatchObject({
      code: 'STORAGE.CANCELLED',
    });
    while (lab.s3.stats.bytesIn < 100_000) await nextTick();
    stop.abort();
    await ended;
    expect(lab.s3.stats.bytesIn).toBeLessThan(large.length);
    lab.s3.faults.clear();
    expect(await lab.s3.getObject(key)).toBeNull();
    expect(lab.s3.stats.count('PutObject')).toBe(1);
  });

  it('are refused at once when somebody makes one shorter while it is sent', async () => {
    const key = newKey();
    const large = Buffer.alloc(20_000_000);
    const path = await fileOf(large);
    lab.s3.faults.bytesPerSec = 5_000_000;
    const ended = expect(lab.open().putFile(key, path, { ...VIDEO, sizeBytes: large.length })).rejects.toMatchObject({
      code: 'STORAGE.REJECTED',
      message: expect.stringContaining('shorter'),
    });
    while (lab.s3.stats.bytesIn < 100_000) await nextTick();
    await truncate(path, 10);
    await ended;
    lab.s3.faults.clear();
    expect(await lab.s3.getObject(key)).toBeNull();
  });

  it('wait their turn at a key and leave the line to others', async () => {
    const observer = new CountingObserver();
    const store = lab.open({ observer, maxBytesPerSec: 100_000_000 });
    const key = newKey();
    await Promise.all([put(store, key), put(store, key), put(store, newKey())]);
    expect(await isStored(key)).toBe(true);
    expect(observer).toMatchObject({ bytes: 3 * bytes.length, failures: 0 });
  });
});
