import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import { newKey, OPTIONS, PART_BYTES, R2Lab } from './r2-lab.js';

describe('R2 storage when the store fails for good', () => {
  let lab: R2Lab;
  const bytes = randomBytes(PART_BYTES);

  beforeAll(async () => {
    lab = await R2Lab.start();
  });

  afterEach(() => lab.reset());
  afterAll(() => lab.s3.stop());

  /** Every verb, none of which may succeed. */
  const attempts = async (store: R2StoreAdapter): Promise<unknown[]> => {
    const key = newKey();
    const target = { key, uploadId: 'any', token: 'any', partSizeBytes: PART_BYTES };
    const work: Promise<unknown>[] = [
      store.check(),
      store.putBytes(key, bytes, OPTIONS),
      store.beginParts(key, OPTIONS),
      store.putPart(target, 1, bytes),
      store.listParts(target),
      store.completeParts(target, [{ number: 1, etag: '"any"', sizeBytes: 10 }]),
      store.abortParts(target),
      store.listUploads(''),
      store.openRead(key),
      store.delete(key),
    ];
    const failed = (error: unknown): unknown => error;
    return Promise.all(work.map((attempt) => attempt.then(() => 'succeeded', failed)));
  };

  it('keeps what it has while the store is away, and goes on when it is back', async () => {
    const store = lab.open();
    const key = newKey();
    const target = await store.beginParts(key, OPTIONS);
    const first = await store.putPart(target, 1, bytes);
    await lab.s3.setDown(true);
    const away = { code: 'STORAGE.UNAVAILABLE', retryable: true, fault: 'destination' };
    for (const error of await attempts(store)) expect(error).toMatchObject(away);
    await expect(store.putPart(target, 2, bytes)).rejects.toMatchObject(away);
    await expect(store.completeParts(target, [first])).rejects.toMatchObject(away);
    await lab.s3.setDown(false);
    await store.check();
    const second = await store.putPart(target, 2, bytes);
    expect(await store.listParts(target)).toEqual([first, second]);
    await store.completeParts(target, [first, second]);
    expect((await lab.s3.getObject(key))?.body.equals(Buffer.concat([bytes, bytes]))).toBe(true);
    expect(lab.unfinished(key)).toEqual([]);
  });

  it('leaves no unfinished upload when the answer to its beginning never comes', async () => {
    const store = lab.open();
    lab.s3.faults.add({ action: { kind: 'loseAnswer' }, operation: 'CreateMultipartUpload' });
    const key = newKey();
    await expect(store.beginParts(key, OPTIONS)).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
    expect(lab.s3.stats.count('CreateMultipartUpload')).toBe(4);
    expect(lab.unfinished(key)).toEqual([]);
  });

  it('gives up on a store that accepts and never answers', async () => {
    const store = lab.open({
      timeouts: { connectMs: 2_000, requestMs: 20_000, idleMs: 500 },
      retries: { attempts: 2, firstMs: 10, maxMs: 50 },
      checkTimeoutMs: 200,
    });
    lab.s3.faults.add({ action: { kind: 'hang' } });
    const [check, ...others] = await attempts(store);
    expect(check).toMatchObject({ message: 'The object store did not answer within 200 ms.' });
    for (const error of [check, ...others]) expect(error).toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
  });

  it('does not believe a store that says it has an object and has not', async () => {
    const store = lab.open();
    const key = newKey();
    const pretend = () => lab.s3.faults.add({ action: { kind: 'pretend' }, operation: 'PutObject', times: 1 });
    const mismatch = { code: 'STORAGE.MISMATCH', retryable: true };
    pretend();
    await expect(store.putBytes(key, bytes, OPTIONS)).rejects.toMatchObject(mismatch);
    await store.putBytes(key, bytes, OPTIONS);
    pretend();
    await expect(store.putBytes(key, randomBytes(PART_BYTES), OPTIONS)).rejects.toMatchObject(mismatch);
  });

  it('does not repeat what the store refuses', async () => {
    const store = lab.open();
    const refusal = { kind: 'status', status: 400, code: 'InvalidRequest' } as const;
    lab.s3.faults.add({ action: refusal, operation: 'PutObject' });
    lab.s3.faults.add({ action: refusal, operation: 'UploadPart' });
    const rejected = {
      code: 'STORAGE.REJECTED',
      retryable: false,
      message: 'The object store refused the request (400 InvalidRequest).',
    };
    await expect(store.putBytes(newKey(), bytes, OPTIONS)).rejects.toMatchObject(rejected);
    const target = await store.beginParts(newKey(), OPTIONS);
    await expect(store.putPart(target, 1, bytes)).rejects.toMatchObject(rejected);
    expect([lab.s3.stats.count('PutObject'), lab.s3.stats.count('UploadPart')]).toEqual([1, 1]);
    await store.abortParts(target);
  });

  it.each([
    [{ secretAccessKey: 'a-secret-that-is-not-the-right-one' }, 'R2_SECRET_ACCESS_KEY'],
    [{ accessKeyId: 'NOBODY' }, 'R2_ACCESS_KEY_ID'],
    [{ bucket: 'no-such-bucket' }, 'R2_BUCKET_NAME'],
    [{ region: 'nowhere-1' }, 'S3_REGION'],
  ])('says which setting is wrong with %j, and tells no secret', async (config, variable) => {
    const denied = { code: 'STORAGE.DENIED', retryable: true, message: expect.stringContaining(variable) };
    for (const error of await attempts(lab.open({}, config))) {
      expect(error).toMatchObject(denied);
      const shown = inspect(error, { depth: 10, showHidden: true });
      expect(shown).not.toMatch(/a-secret-that|test-secret|Signature=|Authorization(?!HeaderMalformed)/i);
    }
  });

  it('says that nobody answers at the address', async () => {
    const errors = await attempts(lab.open({}, { endpoint: 'http://127.0.0.1:9' }));
    for (const error of errors) expect(error).toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
    expect(errors[0]).toMatchObject({ message: 'The object store cannot be used now (ECONNREFUSED).' });
  });

  it('ends with a deletion what others left unfinished of that key, and of no other', async () => {
    const store = lab.open();
    const other = lab.open();
    const [kept, deleted] = ['videos/a.mp4.bak', 'videos/a.mp4'];
    for (const key of [kept, deleted, deleted]) {
      await other.putPart(await other.beginParts(key, OPTIONS), 1, bytes);
    }
    await store.delete(deleted);
    expect([lab.unfinished(deleted).length, lab.unfinished(kept).length]).toEqual([0, 1]);
    await store.delete(kept);
    expect(lab.unfinished(kept)).toEqual([]);
  });
});
