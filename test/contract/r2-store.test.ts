import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MIN_PART_BYTES } from '../../src/modules/storage/domain/part-rules.js';
import { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import { startS3 } from '../support/s3/s3-test-server.js';
import { describeFileObjects } from './file-objects.contract.js';
import { describeObjectLists } from './object-lists.contract.js';
import { describeObjectStore, type StoreUnderTest } from './object-store.contract.js';
import { describePartCopies } from './part-copies.contract.js';
import { describePartUploads, PART_BYTES } from './part-uploads.contract.js';
import { CountingObserver, newKey, OPTIONS, R2Lab, r2ConfigOf } from './r2-lab.js';

/** @param expected refusals that the tests want; any other is of a request that R2 would not take */
async function setUp(expected: number[]): Promise<StoreUnderTest> {
  const s3 = await startS3({ pageSize: 7, writeGapMs: 100, minPartBytes: PART_BYTES });
  const stores: R2StoreAdapter[] = [];
  const open = (): R2StoreAdapter => {
    const store = new R2StoreAdapter(r2ConfigOf(s3), { writeGapMs: 120 });
    stores.push(store);
    return store;
  };
  return {
    store: open(),
    another: async () => open(),
    leftovers: async () => s3.listMultipartUploads().map(({ key }) => key),
    dispose: async () => {
      const refused = s3.stats.refused().filter(({ status }) => !expected.includes(status));
      for (const store of stores) store.onModuleDestroy();
      await s3.stop();
      expect(refused).toEqual([]);
    },
  };
}

describeObjectStore('R2', () => setUp([404, 416]));
describePartUploads('R2', () => setUp([404, 400]));
describeFileObjects('R2', () => setUp([404]));
describeObjectLists('R2', () => setUp([404]));
describePartCopies('R2', () => setUp([404, 416]));

describe('R2 storage', () => {
  let lab: R2Lab;
  const bytes = Buffer.alloc(OPTIONS.partSizeBytes, 'x');

  beforeAll(async () => {
    lab = await R2Lab.start();
  });

  afterEach(() => lab.reset());
  afterAll(() => lab.s3.stop());

  it("keeps to R2's own limits with its own settings", async () => {
    const s3 = await startS3();
    const store = new R2StoreAdapter(r2ConfigOf(s3));
    const key = newKey();
    await store.putBytes(key, Buffer.from('one'), OPTIONS);
    const target = await store.beginParts(key, { ...OPTIONS, partSizeBytes: MIN_PART_BYTES });
    const parts = [await store.putPart(target, 1, Buffer.alloc(MIN_PART_BYTES))];
    parts.push(await store.putPart(target, 2, Buffer.from('two')));
    await store.completeParts(target, parts);
    store.onModuleDestroy();
    await s3.stop();
    expect(s3.stats.refused()).toEqual([]);
    expect(s3.stats.count('CompleteMultipartUpload')).toBe(1);
  });

  it('signs for the region that it is told, links too', async () => {
    const s3 = await startS3({ region: 'fr-par' });
    const store = new R2StoreAdapter(r2ConfigOf(s3));
    const key = newKey();
    await store.check();
    await store.putBytes(key, Buffer.from('one'), OPTIONS);
    const link = await fetch(await store.signedUrl(key, { ttlSec: 60 }));
    expect(await link.text()).toBe('one');
    store.onModuleDestroy();
    await s3.stop();
    // There is no object that `check` asks for.
    expect(s3.stats.refused().map(({ status }) => status)).toEqual([404]);
  });

  it('waits its turn when another process writes the same key', async () => {
    const strict = await R2Lab.start({ writeGapMs: 2_000 });
    const patient = { retries: { attempts: 6, firstMs: 300, maxMs: 1_500 } };
    const [here, there] = [strict.open(patient), strict.open(patient)];
    const key = newKey();
    await Promise.all([here, there].map((store) => store.putBytes(key, Buffer.from('same'), OPTIONS)));
    const refusals = strict.s3.stats.refused().map(({ code }) => code);
    await strict.reset();
    await strict.s3.stop();
    expect(refusals).toContain('TooManyRequests');
  });

  it('sends no checksum header of the newer kind, and a Content-MD5 with every body', async () => {
    const key = newKey();
    const store = lab.open();
    await store.putBytes(key, bytes, OPTIONS);
    const target = await store.beginParts(key, OPTIONS);
    await store.completeParts(target, [await store.putPart(target, 1, bytes)]);
    (await store.openRead(key)).destroy();
    await store.delete(key);
    const names = lab.s3.stats.requests.flatMap(({ headerNames }) => headerNames);
    expect(names.filter((name) => /checksum|trailer|decoded|content-encoding|expect/.test(name))).toEqual([]);
    const bodies = lab.s3.stats.requests.filter(({ operation }) => ['PutObject', 'UploadPart'].includes(operation));
    expect(bodies).toHaveLength(2);
    for (const { headerNames } of bodies) expect(headerNames).toContain('content-md5');
  });

  it('keeps with an object its type and what tells it from another', async () => {
    const store = lab.open();
    const [small, large] = [newKey(), newKey()];
    await store.putBytes(small, bytes, OPTIONS);
    const target = await store.beginParts(large, OPTIONS);
    await store.completeParts(target, [await store.putPart(target, 1, bytes)]);
    const sha256 = (await store.head(small))?.sha256Hex;
    expect(await lab.s3.getObject(small)).toMatchObject({ contentType: 'video/mp4', metadata: { sha256 } });
    expect(await lab.s3.getObject(large)).toMatchObject({
      contentType: 'video/mp4',
      metadata: { token: target.token },
      body: bytes,
    });
  });

  it('counts what was stored and what failed, but not what was cancelled', async () => {
    const observer = new CountingObserver();
    const store = lab.open({ observer });
    await store.putBytes(newKey(), bytes, OPTIONS);
    const target = await store.beginParts(newKey(), OPTIONS);
    const part = await store.putPart(target, 1, bytes);
    expect(observer).toMatchObject({ bytes: 2 * bytes.length, failures: 0 });
    const signal = AbortSignal.abort();
    await expect(store.putBytes(newKey(), bytes, { ...OPTIONS, signal })).rejects.toThrow();
    await expect(store.putPart(target, 2, bytes, signal)).rejects.toThrow();
    await expect(store.completeParts(target, [part], signal)).rejects.toThrow();
    await expect(store.beginParts(newKey(), { ...OPTIONS, signal })).rejects.toThrow();
    expect(observer).toMatchObject({ bytes: 2 * bytes.length, failures: 0 });
    await store.abortParts(target);
    await expect(store.putPart(target, 2, bytes)).rejects.toThrow();
    lab.s3.faults.add({ action: { kind: 'status', status: 503 } });
    await expect(store.putBytes(newKey(), bytes, OPTIONS)).rejects.toThrow();
    await expect(store.beginParts(newKey(), OPTIONS)).rejects.toThrow();
    await expect(store.completeParts(target, [part])).rejects.toThrow();
    expect(observer).toMatchObject({ bytes: 2 * bytes.length, failures: 4 });
  });
});
