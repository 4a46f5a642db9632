import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { PartsTarget, StoredPart } from '../../src/modules/storage/object-store.port.js';
import type { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import { newKey, OPTIONS, PART_BYTES, R2Lab } from './r2-lab.js';

const BUSY = { kind: 'status', status: 503, code: 'ServiceUnavailable' } as const;

/** The last step of an upload may succeed without a word, and it must neither be done twice nor be taken for undone. */
describe('completing an object of parts in R2', () => {
  let lab: R2Lab;
  let store: R2StoreAdapter;
  let target: PartsTarget;
  let parts: StoredPart[];
  const bytes = randomBytes(PART_BYTES + 10);

  const upload = async (key: string): Promise<void> => {
    target = await store.beginParts(key, OPTIONS);
    const [one, two] = [bytes.subarray(0, PART_BYTES), bytes.subarray(PART_BYTES)];
    parts = [await store.putPart(target, 1, one), await store.putPart(target, 2, two)];
  };
  const complete = () => store.completeParts(target, parts);
  const completions = (): number => lab.s3.stats.count('CompleteMultipartUpload');
  const isWhole = async (): Promise<boolean> => (await lab.s3.getObject(target.key))?.body.equals(bytes) ?? false;

  beforeAll(async () => {
    lab = await R2Lab.start();
  });

  afterEach(() => lab.reset());
  afterAll(() => lab.s3.stop());

  const begin = async (key = newKey()): Promise<void> => {
    store = lab.open();
    await upload(key);
  };

  it('is done once when the answer was lost, and lost again', async () => {
    await begin();
    lab.s3.faults.add({ action: { kind: 'loseAnswer' }, operation: 'CompleteMultipartUpload' });
    const info = await complete();
    expect(info.sizeBytes).toBe(bytes.length);
    expect(completions()).toBe(1);
    expect(await isWhole()).toBe(true);
  });

  it('takes an upload that is gone for completed when its object is there', async () => {
    await begin();
    lab.s3.faults.add({ action: { kind: 'loseAnswer' }, operation: 'CompleteMultipartUpload', times: 1 });
    lab.s3.faults.add({ action: BUSY, operation: 'HeadObject', times: 1 });
    await complete();
    expect(completions()).toBe(2);
    expect(lab.s3.stats.refused().map(({ code }) => code)).toContain('NoSuchUpload');
  });

  it('does not say that an upload is gone while it cannot see whether its object is there', async () => {
    await begin();
    lab.s3.faults.add({ action: { kind: 'loseAnswer' }, operation: 'CompleteMultipartUpload', times: 1 });
    lab.s3.faults.add({ action: BUSY, operation: 'HeadObject' });
    await expect(complete()).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
    await expect(complete()).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
    expect(await isWhole()).toBe(true);
    lab.s3.faults.clear();
    expect(await complete()).toMatchObject({ sizeBytes: bytes.length });
  });

  it('keeps the parts when the store fails for good, and completes when it is back', async () => {
    await begin();
    lab.s3.faults.add({ action: BUSY, operation: 'CompleteMultipartUpload' });
    await expect(complete()).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE', retryable: true });
    expect(completions()).toBe(4);
    expect(await store.listParts(target)).toEqual(parts);
    expect(await store.head(target.key)).toBeNull();
    lab.s3.faults.clear();
    await complete();
    expect(await isWhole()).toBe(true);
  });

  it('is not taken in by an older object of the same bytes', async () => {
    await begin();
    await complete();
    const older = target;
    await upload(older.key);
    lab.s3.faults.add({ action: { kind: 'status', status: 500 }, operation: 'CompleteMultipartUpload', times: 1 });
    await complete();
    expect(lab.unfinished(target.key)).toEqual([]);
    expect((await lab.s3.getObject(older.key))?.metadata).toEqual({ token: target.token });
    await expect(store.completeParts(older, parts)).rejects.toMatchObject({ code: 'STORAGE.UPLOAD_GONE' });
  });

  it('does not believe a store that says it has an object and has not', async () => {
    await begin();
    const body = '<CompleteMultipartUploadResult><ETag>"any"</ETag></CompleteMultipartUploadResult>';
    lab.s3.faults.add({ action: { kind: 'pretend', body }, operation: 'CompleteMultipartUpload', times: 1 });
    await expect(complete()).rejects.toMatchObject({ code: 'STORAGE.MISMATCH', retryable: true });
    await complete();
    expect(await isWhole()).toBe(true);
  });

  it.each([
    ['says nothing', ''],
    ['is an error behind a 200', '<Error><Code>InternalError</Code><Message>later</Message></Error>'],
  ])('is tried again when the answer %s', async (_, body) => {
    await begin();
    lab.s3.faults.add({ action: { kind: 'pretend', body }, operation: 'CompleteMultipartUpload', times: 1 });
    await complete();
    expect(completions()).toBe(2);
    expect(await isWhole()).toBe(true);
  });

  it('is done once by several that try at the same time', async () => {
    await begin();
    const others = [lab.open(), lab.open()];
    const infos = await Promise.all([complete(), ...others.map((other) => other.completeParts(target, parts))]);
    expect(new Set(infos.map(({ etag }) => etag)).size).toBe(1);
    expect(await isWhole()).toBe(true);
    expect(lab.unfinished(target.key)).toEqual([]);
  });
});
