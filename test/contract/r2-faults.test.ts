import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../src/common/clock.js';
import type { PartsTarget, StoredPart } from '../../src/modules/storage/object-store.port.js';
import type { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import type { S3FaultAction, S3FaultRule } from '../support/s3/s3-faults.js';
import { newKey, OPTIONS, PART_BYTES, R2Lab } from './r2-lab.js';

const bytes = randomBytes(2 * PART_BYTES + 10);
const partOf = (number: number): Buffer => bytes.subarray((number - 1) * PART_BYTES, number * PART_BYTES);

describe('R2 storage when the store fails for a moment', () => {
  let lab: R2Lab;

  beforeAll(async () => {
    lab = await R2Lab.start();
  });

  afterEach(() => lab.reset());
  afterAll(() => lab.s3.stop());

  const putAll = async (store: R2StoreAdapter, target: PartsTarget): Promise<StoredPart[]> => {
    const parts: StoredPart[] = [];
    for (const number of [1, 2, 3]) parts.push(await store.putPart(target, number, partOf(number)));
    return parts;
  };

  /** Every verb once; what they answer must be right, and nothing may be left of them. */
  const useAll = async (store: R2StoreAdapter, key: string): Promise<void> => {
    await store.putBytes(key, Buffer.from('older'), OPTIONS);
    const dropped = await store.beginParts(key, OPTIONS);
    await store.putPart(dropped, 1, partOf(1));
    expect((await store.listUploads(key)).map(({ uploadId }) => uploadId)).toEqual([dropped.uploadId]);
    await store.abortParts(dropped);
    const target = await store.beginParts(key, OPTIONS);
    const parts = await putAll(store, target);
    expect(await store.listParts(target)).toEqual(parts);
    const info = await store.completeParts(target, parts);
    expect(await store.head(key)).toEqual(info);
    expect((await lab.s3.getObject(key))?.body.equals(bytes)).toBe(true);
    expect(lab.unfinished(key)).toEqual([]);
  };

  const ACTIONS: S3FaultAction[] = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503, code: 'SlowDown' },
    { kind: 'status', status: 429, code: 'TooManyRequests' },
    { kind: 'reset' },
    { kind: 'loseAnswer' },
  ];

  const VERBS = [
    'PutObject',
    'CreateMultipartUpload',
    'UploadPart',
    'ListParts',
    'CompleteMultipartUpload',
    'AbortMultipartUpload',
    'ListMultipartUploads',
    'HeadObject',
  ] as const;

  const useAllWith = async (store: R2StoreAdapter, fault: Omit<S3FaultRule, 'key'>): Promise<void> => {
    const rule = { ...fault, key: newKey(), times: 1 };
    lab.s3.faults.add(rule);
    await useAll(store, rule.key);
    expect(lab.s3.faults.take(fault.operation!, rule.key)).toBeUndefined();
  };

  it.each(VERBS)('tries %s again', async (operation) => {
    const store = lab.open();
    await Promise.all(ACTIONS.map((action) => useAllWith(store, { action, operation })));
  });

  it('tries everything again that is not answered', async () => {
    const store = lab.open({ timeouts: { connectMs: 2_000, requestMs: 20_000, idleMs: 3_000 } });
    await Promise.all(VERBS.map((operation) => useAllWith(store, { action: { kind: 'hang' }, operation })));
  });

  it('comes back to a store that refused the connection', async () => {
    let pauses = 0;
    class Until extends SystemClock {
      override async sleep(ms: number): Promise<void> {
        if (ms > 0 && ++pauses === 2) await lab.s3.setDown(false);
      }
    }
    const store = lab.open({ clock: new Until(), writeGapMs: 0 });
    const key = newKey();
    await lab.s3.setDown(true);
    const target = await store.beginParts(key, OPTIONS);
    pauses = 0;
    await lab.s3.setDown(true);
    const parts = await putAll(store, target);
    pauses = 0;
    await lab.s3.setDown(true);
    await store.completeParts(target, parts);
    expect((await lab.s3.getObject(key))?.body.equals(bytes)).toBe(true);
    expect(lab.unfinished(key)).toEqual([]);
  });

  describe('a part that arrives damaged', () => {
    it.each<[string, S3FaultAction]>([
      ['on the way', { kind: 'damageOnTheWay' }],
      ['in the store', { kind: 'damageInStore' }],
    ])('is sent again: %s', async (_, action) => {
      for (const store of [lab.open(), lab.open({ maxBytesPerSec: 100_000_000 })]) {
        const key = newKey();
        lab.s3.faults.add({ action, operation: 'UploadPart', times: 2 });
        const target = await store.beginParts(key, OPTIONS);
        await store.completeParts(target, await putAll(store, target));
        expect((await lab.s3.getObject(key))?.body.equals(bytes)).toBe(true);
      }
      expect(lab.s3.stats.count('UploadPart')).toBe(10);
    });

    it('is given up when it never arrives otherwise', async () => {
      const store = lab.open();
      const target = await store.beginParts(newKey(), OPTIONS);
      lab.s3.faults.add({ action: { kind: 'damageInStore' }, operation: 'UploadPart' });
      const put = store.putPart(target, 1, partOf(1));
      await expect(put).rejects.toMatchObject({ code: 'STORAGE.MISMATCH', retryable: true });
      expect(lab.s3.stats.count('UploadPart')).toBe(4);
      await store.abortParts(target);
    });

    it('makes no object when the store only said that it has it', async () => {
      const store = lab.open();
      const key = newKey();
      const target = await store.beginParts(key, OPTIONS);
      lab.s3.faults.add({ action: { kind: 'pretend' }, operation: 'UploadPart', times: 1 });
      const parts = await putAll(store, target);
      await expect(store.completeParts(target, parts)).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
      expect(await store.head(key)).toBeNull();
      await store.putPart(target, 1, partOf(1));
      await store.completeParts(target, (await store.listParts(target)) ?? []);
      expect((await lab.s3.getObject(key))?.body.equals(bytes)).toBe(true);
    });
  });

  it('goes on with the one upload when the answer to its beginning was lost, and ends none that holds parts', async () => {
    const store = lab.open();
    const key = newKey();
    const other = await lab.open().beginParts(key, OPTIONS);
    await store.putPart(other, 1, partOf(1));
    lab.s3.stats.reset();
    lab.s3.faults.add({ action: { kind: 'loseAnswer' }, operation: 'CreateMultipartUpload', times: 2 });
    const { uploadId } = await store.beginParts(key, OPTIONS);
    expect(lab.s3.stats.count('CreateMultipartUpload')).toBe(3);
    expect(lab.unfinished(key).sort()).toEqual([other.uploadId, uploadId].sort());
    await store.delete(key);
    expect(lab.unfinished(key)).toEqual([]);
  });

  it('says at once that an upload was ended from elsewhere', async () => {
    const store = lab.open();
    const target = await store.beginParts(newKey(), OPTIONS);
    await lab.open().abortParts(target);
    const gone = { code: 'STORAGE.UPLOAD_GONE', retryable: true, fault: 'destination' };
    await expect(store.putPart(target, 1, partOf(1))).rejects.toMatchObject(gone);
    expect(lab.s3.stats.count('UploadPart')).toBe(1);
  });
});
