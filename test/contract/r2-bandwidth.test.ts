import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../unit/storage/fake-clock.js';
import { newKey, PART_BYTES, R2Lab } from './r2-lab.js';

const PARTS = 4;
const SIZE_BYTES = 300_000;
const OPTIONS = { contentType: 'video/mp4', partSizeBytes: SIZE_BYTES };

describe('uploads to R2 over a line that is shared', () => {
  let lab: R2Lab;
  const bytes = randomBytes(SIZE_BYTES);

  beforeAll(async () => {
    lab = await R2Lab.start({ minPartBytes: PART_BYTES, writeGapMs: 0 });
  });

  afterEach(() => lab.reset());
  afterAll(() => lab.s3.stop());

  it('take no more of it together than they may, whatever they send and however often', async () => {
    const clock = new FakeClock();
    const store = lab.open({ maxBytesPerSec: 100_000, clock, writeGapMs: 0 });
    const key = newKey();
    const target = await store.beginParts(key, OPTIONS);
    const startMs = clock.nowMs();
    const numbers = Array.from({ length: PARTS }, (_, i) => i + 1);
    const parts = await Promise.all(numbers.map((number) => store.putPart(target, number, bytes)));
    await store.putBytes(newKey(), bytes, OPTIONS);
    const tookSec = (clock.nowMs() - startMs) / 1_000;
    expect(tookSec).toBeGreaterThan(14.8);
    expect(tookSec).toBeLessThan(15.2);
    expect(Math.max(...clock.sleeps)).toBeLessThan(200);
    lab.s3.faults.add({ action: { kind: 'reset' }, operation: 'UploadPart', times: 1 });
    await store.putPart(target, 1, bytes);
    await store.completeParts(target, parts);
    const stored = (await lab.s3.getObject(key))?.body;
    expect(stored?.equals(Buffer.concat(Array<Buffer>(PARTS).fill(bytes)))).toBe(true);
  });

  it('take no more of it for files, which are read no faster than they may go', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hindsight-files-'));
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    const clock = new FakeClock();
    const store = lab.open({ maxBytesPerSec: 100_000, clock, writeGapMs: 0 });
    const startMs = clock.nowMs();
    const put = (key: string) => store.putFile(key, path, { ...OPTIONS, sizeBytes: SIZE_BYTES });
    const keys = [newKey(), newKey()];
    await Promise.all(keys.map(put));
    await rm(folder, { recursive: true });
    const tookSec = (clock.nowMs() - startMs) / 1_000;
    expect(tookSec).toBeGreaterThan(5.8);
    expect(tookSec).toBeLessThan(6.2);
    for (const key of keys) expect((await lab.s3.getObject(key))?.body.equals(bytes)).toBe(true);
  });

  it('stop when their caller gives up, and leave the line to the others', async () => {
    const store = lab.open({ maxBytesPerSec: 150_000 });
    const target = await store.beginParts(newKey(), OPTIONS);
    const stop = new AbortController();
    const put = store.putPart(target, 1, bytes, stop.signal);
    const ended = expect(put).rejects.toMatchObject({ code: 'STORAGE.CANCELLED' });
    while (lab.s3.stats.bytesIn < 30_000) await new Promise(setImmediate);
    stop.abort();
    await ended;
    const part = await store.putPart(target, 1, bytes.subarray(0, 50_000));
    expect(await store.listParts(target)).toEqual([part]);
    expect(lab.s3.stats.bytesIn).toBeLessThan(200_000);
    await store.abortParts(target);
  });
});
