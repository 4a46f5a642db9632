import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newKey, OPTIONS, R2Lab } from './r2-lab.js';

describe('reading from R2', () => {
  let lab: R2Lab;
  const bytes = randomBytes(2 * 1024 ** 2);

  beforeAll(async () => {
    lab = await R2Lab.start();
  });

  afterEach(() => lab.reset());
  afterAll(() => lab.s3.stop());

  it('goes on where the connection broke', async () => {
    const store = lab.open();
    const key = newKey();
    await store.putBytes(key, bytes, OPTIONS);
    lab.s3.faults.add({ action: { kind: 'cutBody', afterBytes: 700_000 }, operation: 'GetObject', times: 2 });
    expect((await buffer(await store.openRead(key))).equals(bytes)).toBe(true);
    lab.s3.faults.add({ action: { kind: 'cutBody', afterBytes: 1_000 }, operation: 'GetObject', times: 1 });
    const part = await buffer(await store.openRead(key, { start: 10, end: 99_999 }));
    expect(part.equals(bytes.subarray(10, 100_000))).toBe(true);
    expect(lab.s3.stats.count('GetObject')).toBe(5);
  });

  it('never joins two versions of an object', async () => {
    const store = lab.open();
    const key = newKey();
    await store.putBytes(key, bytes, OPTIONS);
    lab.s3.faults.add({ action: { kind: 'cutBody', afterBytes: 500_000 }, operation: 'GetObject', times: 1 });
    const stream = await store.openRead(key);
    await store.putBytes(key, randomBytes(bytes.length), OPTIONS);
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'STORAGE.REJECTED' });
  });

  it('ends a stream that cannot be continued with an error', async () => {
    const store = lab.open();
    const key = newKey();
    await store.putBytes(key, bytes, OPTIONS);
    lab.s3.faults.add({ action: { kind: 'cutBody', afterBytes: 100_000 }, operation: 'GetObject', times: 1 });
    const stream = await store.openRead(key);
    lab.s3.faults.add({ action: { kind: 'status', status: 503 }, operation: 'GetObject' });
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
  });

  it('signs a link that works for anybody, with a file name in any script', async () => {
    const store = lab.open();
    const key = newKey();
    await store.putBytes(key, bytes, OPTIONS);
    const url = await store.signedUrl(key, { ttlSec: 60, downloadFileName: 'Haustür "Süd" 玄関/2026.mp4' });
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    const disposition = answer.headers.get('content-disposition') ?? '';
    const [, encoded = ''] = /filename\*=UTF-8''(.+)$/.exec(disposition) ?? [];
    expect(disposition).toMatch(/^attachment; filename="[\x20-\x7e]+"; /);
    expect(decodeURIComponent(encoded)).toBe('Haustür "Süd" 玄関-2026.mp4');
    const part = await fetch(await store.signedUrl(key, { ttlSec: 60 }), { headers: { range: 'bytes=-10' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-disposition')).toBeNull();
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(-10))).toBe(true);
  });

  it('signs for one object and for a while only', async () => {
    const store = lab.open();
    const [mine, other] = [newKey(), newKey()];
    for (const key of [mine, other]) await store.putBytes(key, Buffer.from('x'), OPTIONS);
    const url = await store.signedUrl(mine, { ttlSec: 1 });
    expect((await fetch(url.replace(mine, other))).status).toBe(403);
    expect((await fetch(url.replace('X-Amz-Expires=1', 'X-Amz-Expires=9999'))).status).toBe(403);
    const deadlineMs = Date.now() + 5_000;
    let status = 0;
    while (status !== 403 && Date.now() < deadlineMs) status = (await fetch(url)).status;
    expect(status).toBe(403);
  });

  it('gives the public address when the bucket has one', async () => {
    const store = lab.open();
    const key = newKey();
    await store.putBytes(key, bytes, OPTIONS);
    const url = store.publicUrl(key) ?? '';
    expect(url).toBe(`${lab.s3.publicUrl}/${key}`);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true);
    expect(lab.open({}, { publicUrl: undefined }).publicUrl(key)).toBeNull();
  });
});
