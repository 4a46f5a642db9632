import { randomBytes, randomUUID } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import type { S3FaultAction, S3FaultRule } from '../support/s3/s3-faults.js';
import { newKey, OPTIONS, PART_BYTES, R2Lab } from './r2-lab.js';

const FAULTS: [string, S3FaultAction][] = [
  ['an error', { kind: 'status', status: 500 }],
  ['to slow down', { kind: 'status', status: 503, code: 'SlowDown' }],
  ['that there are too many requests', { kind: 'status', status: 429, code: 'TooManyRequests' }],
  ['nothing, and is gone', { kind: 'reset' }],
  ['nothing, but has done it', { kind: 'loseAnswer' }],
  ['an error under the name of a success', { kind: 'pretend', body: '<Error><Code>InternalError</Code></Error>' }],
];

describe('lists, deletions and copies in R2', () => {
  let lab: R2Lab;
  const bytes = randomBytes(3 * PART_BYTES);

  beforeAll(async () => {
    lab = await R2Lab.start({ writeGapMs: 0 });
  });

  afterEach(() => lab.reset());
  afterAll(() => lab.s3.stop());

  const fault = (operation: S3FaultRule['operation'], action: S3FaultAction, times?: number): void =>
    lab.s3.faults.add({ action, ...(operation ? { operation } : {}), ...(times === undefined ? {} : { times }) });

  /** Each of them once; what they answer must be right. */
  const useAll = async (store: R2StoreAdapter): Promise<void> => {
    const folder = `footage/${randomUUID()}/`;
    const keys = ['a', 'b', 'c'].map((name) => `${folder}${name}`);
    for (const key of keys) await store.putBytes(key, bytes, OPTIONS);
    const page = await store.list(folder, { limit: 2 });
    expect([page.objects.map(({ key }) => key), page.more]).toEqual([keys.slice(0, 2), true]);
    const target = await store.beginParts(newKey(), OPTIONS);
    const range = { start: 3, end: PART_BYTES + 2 };
    const part = await store.copyPart(target, 1, { key: keys[0]!, range });
    expect(await store.listParts(target)).toEqual([part]);
    await store.completeParts(target, [part]);
    expect((await lab.s3.getObject(target.key))?.body.equals(bytes.subarray(3, PART_BYTES + 3))).toBe(true);
    expect(await store.deleteMany(keys)).toEqual([]);
    expect(await store.list(folder)).toEqual({ objects: [], more: false });
  };

  describe.each(['ListObjectsV2', 'DeleteObjects', 'UploadPartCopy'] as const)('%s', (operation) => {
    it.each(FAULTS)('is tried again when the store answers %s', async (_, action) => {
      fault(operation, action, 2);
      await useAll(lab.open());
      expect(lab.s3.faults.take(operation, '')).toBeUndefined();
    });
  });

  it('bring the digest that a deletion of many must have, and nothing of the newer checksums', async () => {
    await useAll(lab.open());
    const names = lab.s3.stats.requests.flatMap(({ headerNames }) => headerNames);
    expect(names.filter((name) => /checksum|trailer|decoded|content-encoding|expect/.test(name))).toEqual([]);
    const deletions = lab.s3.stats.requests.filter(({ operation }) => operation === 'DeleteObjects');
    expect(deletions.map(({ headerNames }) => headerNames.includes('content-md5'))).toEqual([true]);
    expect(lab.s3.stats.refused()).toEqual([]);
  });

  it('say which objects could not be deleted, and whether they may be another time', async () => {
    const words = ['AccessDenied', 'InternalError', 'SlowDown', 'InvalidArgument'];
    const errors = words.map((word, i) => `<Error><Key>k/${i}</Key><Code>${word}</Code></Error>`);
    fault('DeleteObjects', { kind: 'pretend', body: `<DeleteResult>${errors.join('')}</DeleteResult>` });
    const keys = ['k/0', 'k/1', 'k/2', 'k/3', 'k/4'];
    expect(await lab.open().deleteMany(keys)).toEqual([
      { key: 'k/0', code: 'STORAGE.DENIED' },
      { key: 'k/1', code: 'STORAGE.UNAVAILABLE' },
      { key: 'k/2', code: 'STORAGE.UNAVAILABLE' },
      { key: 'k/3', code: 'STORAGE.REJECTED' },
    ]);
  });

  it('say what another process has just written, and so cannot be deleted yet', async () => {
    const strict = await R2Lab.start({ writeGapMs: 60_000 });
    const [written, older] = [newKey(), newKey()];
    await strict.open().putBytes(written, bytes, OPTIONS);
    const failed = await strict.open().deleteMany([written, older]);
    expect(failed).toEqual([{ key: written, code: 'STORAGE.UNAVAILABLE' }]);
    await strict.reset();
    await strict.s3.stop();
  });

  it.each<[number, string]>([
    [503, 'STORAGE.UNAVAILABLE'],
    [403, 'STORAGE.DENIED'],
  ])('fail as a whole when the store answers %d for good', async (status, code) => {
    const store = lab.open();
    const target = await store.beginParts(newKey(), OPTIONS);
    fault(undefined, { kind: 'status', status });
    await expect(store.list('a')).rejects.toMatchObject({ code });
    await expect(store.deleteMany(['a'])).rejects.toMatchObject({ code });
    const range = { start: 0, end: 9 };
    await expect(store.copyPart(target, 1, { key: 'a', range })).rejects.toMatchObject({ code });
  });

  it('leave out what others keep in the bucket under names that are no keys, and go on behind it', async () => {
    const { endpoint, accessKeyId, secretAccessKey, bucket: Bucket } = lab.s3;
    const credentials = { accessKeyId, secretAccessKey };
    const base = { endpoint, credentials, region: 'auto', forcePathStyle: true };
    const client = new S3Client({ ...base, requestChecksumCalculation: 'WHEN_REQUIRED' });
    const folder = `footage/${randomUUID()}/`;
    // A page of this server has five.
    const foreign = Array.from({ length: 12 }, (_, i) => `${folder}b ${i}`);
    const store = lab.open();
    for (const Key of foreign) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    client.destroy();
    for (const name of ['a', 'c']) await store.putBytes(`${folder}${name}`, bytes, OPTIONS);
    const all = await store.list(folder);
    expect([all.objects.map(({ key }) => key), all.more]).toEqual([[`${folder}a`, `${folder}c`], false]);
    const page = await store.list(folder, { after: `${folder}a`, limit: 1 });
    expect(page.objects.map(({ key }) => key)).toEqual([`${folder}c`]);
  });

  it.each(['InvalidRange', 'InvalidArgument'])(
    'tell a range that the source does not have from other mistakes when the store says %s',
    async (code) => {
      const store = lab.open();
      const key = newKey();
      await store.putBytes(key, bytes, OPTIONS);
      const target = await store.beginParts(newKey(), OPTIONS);
      const copyUpTo = (end: number) => store.copyPart(target, 1, { key, range: { start: end - 9, end } });
      fault('UploadPartCopy', { kind: 'status', status: 400, code });
      await expect(copyUpTo(bytes.length)).rejects.toMatchObject({ code: 'STORAGE.BAD_RANGE' });
      await expect(copyUpTo(bytes.length - 1)).rejects.toMatchObject({ code: 'STORAGE.REJECTED' });
      expect(lab.s3.stats.count('UploadPartCopy')).toBe(2);
    },
  );
});
