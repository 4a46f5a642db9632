import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { videoKey } from '../../src/modules/storage/domain/object-key.js';
import { MIN_PART_BYTES } from '../../src/modules/storage/domain/part-plan.js';
import { StorageObserver } from '../../src/modules/storage/object-store.port.js';
import { R2StoreAdapter, type R2StoreOptions } from '../../src/modules/storage/r2-store.adapter.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { describeObjectStore } from './object-store.contract.js';
import { SampleFiles } from './sample-files.js';

const MIB = 1024 ** 2;

function r2ConfigOf(s3: S3TestServer) {
  const { endpoint, accessKeyId, secretAccessKey, bucket, publicUrl } = s3;
  return { endpoint, accessKeyId, secretAccessKey, bucket, publicUrl };
}

describeObjectStore('R2', async () => {
  const s3 = await startS3();
  const store = new R2StoreAdapter(r2ConfigOf(s3), { partSizeBytes: MIN_PART_BYTES });
  return {
    store,
    leftovers: async () => s3.listMultipartUploads().map(({ key }) => key),
    dispose: async () => {
      const refused = s3.stats.refused().filter(({ status }) => status !== 404 && status !== 416);
      store.onModuleDestroy();
      await s3.stop();
      expect(refused).toEqual([]);
    },
  };
});

class CountingObserver extends StorageObserver {
  bytes = 0;
  failures = 0;
  uploaded(bytes: number): void {
    this.bytes += bytes;
  }
  uploadFailed(): void {
    this.failures++;
  }
}

describe('R2 storage', () => {
  let s3: S3TestServer;
  let files: SampleFiles;
  let stores: R2StoreAdapter[];
  /** Beside the one that all tests share. */
  let servers: S3TestServer[];

  const IMPATIENT = { timeouts: { connectMs: 2_000, requestMs: 20_000, idleMs: 500 } };

  /** Quick retries and rewrites, everything else as in the service. */
  const open = (options: R2StoreOptions = {}, config = {}): R2StoreAdapter => {
    const store = new R2StoreAdapter(
      { ...r2ConfigOf(s3), ...config },
      {
        partSizeBytes: MIN_PART_BYTES,
        retries: { attempts: 4, firstMs: 10, maxMs: 50 },
        timeouts: { connectMs: 2_000, requestMs: 20_000, idleMs: 5_000 },
        writeGapMs: 250,
        ...options,
      },
    );
    stores.push(store);
    return store;
  };

  beforeAll(async () => {
    s3 = await startS3({ writeGapMs: 200 });
    files = await SampleFiles.create();
  });

  beforeEach(() => {
    stores = [];
    servers = [];
  });

  afterEach(async () => {
    for (const store of stores) store.onModuleDestroy();
    for (const server of servers) await server.stop();
    s3.faults.clear();
    s3.stats.reset();
    await s3.setDown(false);
  });

  afterAll(async () => {
    await s3.stop();
    await files.remove();
  });

  const newKey = (): string => videoKey(randomUUID());

  describe('on the wire', () => {
    it('sends no checksum header of the newer kind, and a Content-MD5 with every body', async () => {
      const store = open();
      for (const size of [10, 12 * MIB]) {
        const { path, options } = await files.make(size);
        const key = newKey();
        await store.putFile(key, path, options);
        await buffer(await store.openRead(key));
        await store.delete(key);
      }
      const names = s3.stats.requests.flatMap(({ headerNames }) => headerNames);
      expect(names.filter((name) => /checksum|trailer|decoded|content-encoding|expect/.test(name))).toEqual([]);
      const bodies = s3.stats.requests.filter(({ operation }) => ['PutObject', 'UploadPart'].includes(operation));
      expect(bodies).toHaveLength(4);
      for (const { headerNames } of bodies) expect(headerNames).toContain('content-md5');
    });

    it('sends a small file in one request and a large one in equal parts', async () => {
      const store = open();
      const small = await files.make(MIN_PART_BYTES);
      await store.putFile(newKey(), small.path, small.options);
      expect(s3.stats.count('PutObject')).toBe(1);
      expect(s3.stats.count('CreateMultipartUpload')).toBe(0);
      const large = await files.make(3 * MIN_PART_BYTES + 1);
      await store.putFile(newKey(), large.path, large.options);
      expect(s3.stats.count('UploadPart')).toBe(4);
      expect(s3.stats.count('CompleteMultipartUpload')).toBe(1);
    });

    it('stores type and SHA-256 with the object', async () => {
      const store = open();
      for (const size of [10, 6 * MIB]) {
        const { path, bytes, options } = await files.make(size);
        const key = newKey();
        await store.putFile(key, path, options);
        const stored = await s3.getObject(key);
        expect(stored).toMatchObject({ contentType: 'video/mp4', metadata: { sha256: options.sha256Hex } });
        expect(stored?.body.equals(bytes)).toBe(true);
      }
    });

    it('never has more parts under way than it may, over all uploads', async () => {
      const store = open({ parallelParts: 2 });
      s3.faults.bytesPerSec = 40 * MIB;
      const jobs = await Promise.all([1, 2, 3].map(async () => files.make(3 * MIN_PART_BYTES)));
      const puts = Promise.all(jobs.map(({ path, options }) => store.putFile(newKey(), path, options)));
      await puts;
      expect(s3.stats.count('UploadPart')).toBe(9);
      expect(s3.stats.mostAtOnce('UploadPart')).toBe(2);
    });
  });

  describe('addresses', () => {
    it('signs a link that works for anybody, with a file name in any script', async () => {
      const store = open();
      const { path, bytes, options } = await files.make(1_000);
      const key = newKey();
      await store.putFile(key, path, options);
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
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(990))).toBe(true);
    });

    it('signs for one object and for a while only', async () => {
      const store = open();
      const { path, options } = await files.make(10);
      const [mine, other] = [newKey(), newKey()];
      await store.putFile(mine, path, options);
      await store.putFile(other, path, options);
      const url = await store.signedUrl(mine, { ttlSec: 1 });
      expect((await fetch(url.replace(mine, other))).status).toBe(403);
      expect((await fetch(url.replace('X-Amz-Expires=1', 'X-Amz-Expires=9999'))).status).toBe(403);
      const deadlineMs = Date.now() + 5_000;
      let status = 0;
      while (status !== 403 && Date.now() < deadlineMs) status = (await fetch(url)).status;
      expect(status).toBe(403);
    });

    it('gives the public address when the bucket has one', async () => {
      const store = open();
      const { path, bytes, options } = await files.make(10);
      const key = newKey();
      await store.putFile(key, path, options);
      const url = store.publicUrl(key) ?? '';
      expect(url).toBe(`${s3.publicUrl}/${key}`);
      expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true);
      expect(open({}, { publicUrl: undefined }).publicUrl(key)).toBeNull();
    });
  });

  describe('when the store fails for a moment', () => {
    it.each([
      ['PutObject', 100],
      ['CreateMultipartUpload', 6 * MIB],
      ['UploadPart', 6 * MIB],
      ['CompleteMultipartUpload', 6 * MIB],
      ['HeadObject', 100],
    ] as const)('tries %s again', async (operation, size) => {
      const store = open(IMPATIENT);
      const { path, options } = await files.make(size);
      for (const action of [
        { kind: 'status', status: 500 },
        { kind: 'status', status: 503, code: 'SlowDown' },
        { kind: 'status', status: 429, code: 'TooManyRequests' },
        { kind: 'reset' },
        { kind: 'hang' },
        { kind: 'loseAnswer' },
      ] as const) {
        const key = newKey();
        s3.faults.add({ action, operation, key, times: 1 });
        await store.putFile(key, path, options);
        expect(await s3.getObject(key)).toMatchObject({ metadata: { sha256: options.sha256Hex } });
        expect(s3.listMultipartUploads()).toEqual([]);
        s3.faults.clear();
      }
    });

    it('does not complete twice when the answer to the first was lost', async () => {
      const store = open();
      const { path, options } = await files.make(6 * MIB);
      s3.faults.add({ action: { kind: 'loseAnswer' }, operation: 'CompleteMultipartUpload' });
      await store.putFile(newKey(), path, options);
      expect(s3.stats.count('CompleteMultipartUpload')).toBe(1);
    });

    it('is not fooled by an older object of the same content', async () => {
      const store = open();
      const { path, options } = await files.make(6 * MIB);
      const key = newKey();
      await store.putFile(key, path, options);
      s3.faults.add({ action: { kind: 'status', status: 500 }, operation: 'CompleteMultipartUpload' });
      await store.putFile(key, path, options);
      expect(s3.listMultipartUploads()).toEqual([]);
    });

    it('goes on reading where the connection broke', async () => {
      const store = open();
      const { path, bytes, options } = await files.make(2 * MIB);
      const key = newKey();
      await store.putFile(key, path, options);
      s3.faults.add({ action: { kind: 'cutBody', afterBytes: 700_000 }, operation: 'GetObject', times: 2 });
      expect((await buffer(await store.openRead(key))).equals(bytes)).toBe(true);
      s3.faults.add({ action: { kind: 'cutBody', afterBytes: 1_000 }, operation: 'GetObject', times: 1 });
      const part = await buffer(await store.openRead(key, { start: 10, end: 99_999 }));
      expect(part.equals(bytes.subarray(10, 100_000))).toBe(true);
      expect(s3.stats.count('GetObject')).toBe(5);
    });

    it('never joins two versions of an object', async () => {
      const store = open();
      const [old, changed] = [await files.make(2 * MIB), await files.make(2 * MIB)];
      const key = newKey();
      await store.putFile(key, old.path, old.options);
      s3.faults.add({ action: { kind: 'cutBody', afterBytes: 500_000 }, operation: 'GetObject', times: 1 });
      const stream = await store.openRead(key);
      await store.putFile(key, changed.path, changed.options);
      await expect(buffer(stream)).rejects.toMatchObject({ code: 'STORAGE.REJECTED' });
    });

    it('waits its turn when another process writes the same key', async () => {
      const strict = await startS3();
      servers.push(strict);
      const patient = { retries: { attempts: 6, firstMs: 300, maxMs: 1_500 } };
      const [here, there] = [open(patient, r2ConfigOf(strict)), open(patient, r2ConfigOf(strict))];
      const { path, options } = await files.make(10);
      const key = newKey();
      await Promise.all([here.putFile(key, path, options), there.putFile(key, path, options)]);
      expect(strict.stats.refused().map(({ code }) => code)).toContain('TooManyRequests');
    });
  });

  describe('when the store fails for good', () => {
    it.each(['UploadPart', 'CompleteMultipartUpload', 'HeadObject'] as const)(
      'leaves no unfinished upload when %s keeps failing',
      async (operation) => {
        const observer = new CountingObserver();
        const store = open({ observer });
        const { path, options } = await files.make(18 * MIB);
        s3.faults.add({ action: { kind: 'status', status: 503, code: 'ServiceUnavailable' }, operation });
        const put = store.putFile(newKey(), path, options);
        await expect(put).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE', retryable: true, fault: 'destination' });
        expect(s3.listMultipartUploads()).toEqual([]);
        expect(observer).toMatchObject({ bytes: 0, failures: 1 });
      },
    );

    it('leaves no unfinished upload when the first answer never comes', async () => {
      const store = open();
      const { path, options } = await files.make(6 * MIB);
      s3.faults.add({ action: { kind: 'loseAnswer' }, operation: 'CreateMultipartUpload' });
      await expect(store.putFile(newKey(), path, options)).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
      expect(s3.stats.count('CreateMultipartUpload')).toBe(4);
      expect(s3.listMultipartUploads()).toEqual([]);
    });

    it('cleans up at the next try what it could not while the store was away', async () => {
      const store = open();
      const { path, bytes, options } = await files.make(18 * MIB);
      const key = newKey();
      let down: Promise<void> | undefined;
      const onProgress = (): void => void (down ??= s3.setDown(true));
      await expect(store.putFile(key, path, { ...options, onProgress })).rejects.toMatchObject({
        code: 'STORAGE.UNAVAILABLE',
      });
      await down;
      for (const work of [
        () => store.head(key),
        () => store.openRead(key),
        () => store.delete(key),
        () => store.check(),
      ]) {
        await expect(work()).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE', retryable: true });
      }
      expect(s3.listMultipartUploads()).toHaveLength(1);
      await s3.setDown(false);
      await store.check();
      await store.putFile(key, path, options);
      expect((await s3.getObject(key))?.body.equals(bytes)).toBe(true);
      expect(s3.listMultipartUploads()).toEqual([]);
    });

    it('gives up on a store that accepts and never answers', async () => {
      const store = open({ ...IMPATIENT, checkTimeoutMs: 200 });
      s3.faults.add({ action: { kind: 'hang' } });
      await expect(store.head(newKey())).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
      await expect(store.check()).rejects.toMatchObject({
        code: 'STORAGE.UNAVAILABLE',
        message: 'The object store did not answer within 200 ms.',
      });
    });

    it('ends a stream that cannot be continued with an error', async () => {
      const store = open();
      const { path, options } = await files.make(2 * MIB);
      const key = newKey();
      await store.putFile(key, path, options);
      s3.faults.add({ action: { kind: 'cutBody', afterBytes: 100_000 }, operation: 'GetObject', times: 1 });
      const stream = await store.openRead(key);
      s3.faults.add({ action: { kind: 'status', status: 503 }, operation: 'GetObject' });
      await expect(buffer(stream)).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
    });

    it('does not believe a store that says it has an object and has not', async () => {
      const store = open();
      const [old, changed] = [await files.make(10), await files.make(10)];
      const key = newKey();
      s3.faults.add({ action: { kind: 'pretend' }, operation: 'PutObject', times: 1 });
      await expect(store.putFile(key, old.path, old.options)).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
      await store.putFile(key, old.path, old.options);
      s3.faults.add({ action: { kind: 'pretend' }, operation: 'PutObject', times: 1 });
      const put = store.putFile(key, changed.path, changed.options);
      await expect(put).rejects.toMatchObject({ code: 'STORAGE.MISMATCH', retryable: true });
    });

    it('does not repeat what the store refuses', async () => {
      const store = open();
      const { path, options } = await files.make(10);
      s3.faults.add({ action: { kind: 'status', status: 400, code: 'InvalidRequest' }, operation: 'PutObject' });
      await expect(store.putFile(newKey(), path, options)).rejects.toMatchObject({
        code: 'STORAGE.REJECTED',
        retryable: false,
        message: 'The object store refused the request (400 InvalidRequest).',
      });
      expect(s3.stats.count('PutObject')).toBe(1);
    });
  });

  describe('when the settings are wrong', () => {
    const attempts = async (store: R2StoreAdapter): Promise<unknown[]> => {
      const { path, options } = await files.make(6 * MIB);
      const work: Promise<unknown>[] = [
        store.check(),
        store.putFile(newKey(), path, options),
        store.openRead(newKey()),
        store.delete(newKey()),
      ];
      return Promise.all(
        work.map((attempt) =>
          attempt.then(
            () => 'succeeded',
            (error: unknown) => error,
          ),
        ),
      );
    };

    it.each([
      [{ secretAccessKey: 'a-secret-that-is-not-the-right-one' }, 'R2_SECRET_ACCESS_KEY'],
      [{ accessKeyId: 'NOBODY' }, 'R2_ACCESS_KEY_ID'],
      [{ bucket: 'no-such-bucket' }, 'R2_BUCKET_NAME'],
    ])('says which with %j, and tells no secret', async (config, variable) => {
      const denied = { code: 'STORAGE.DENIED', retryable: true, message: expect.stringContaining(variable) };
      for (const error of await attempts(open({}, config))) {
        expect(error).toMatchObject(denied);
        const shown = inspect(error, { depth: 10, showHidden: true });
        expect(shown).not.toMatch(/a-secret-that|test-secret|Signature=|Authorization/i);
      }
    });

    it('says that nobody answers at the address', async () => {
      const errors = await attempts(open({}, { endpoint: 'http://127.0.0.1:9' }));
      for (const error of errors) expect(error).toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
      expect(errors[0]).toMatchObject({ message: 'The object store cannot be used now (ECONNREFUSED).' });
    });
  });

  describe('what others left unfinished', () => {
    const abandon = async (key: string): Promise<void> => {
      const { endpoint, accessKeyId, secretAccessKey, bucket: Bucket } = s3;
      const credentials = { accessKeyId, secretAccessKey };
      const plain = { requestChecksumCalculation: 'WHEN_REQUIRED', forcePathStyle: true, region: 'auto' } as const;
      const client = new S3Client({ endpoint, credentials, ...plain });
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: key }));
      await client.send(new UploadPartCommand({ Bucket, Key: key, UploadId, PartNumber: 1, Body: Buffer.alloc(10) }));
      client.destroy();
    };

    it('goes with the next upload or delete of that key, and of no other', async () => {
      const store = open();
      const { path, options } = await files.make(6 * MIB);
      const [kept, put, deleted] = ['videos/a.mp4.bak', 'videos/a.mp4', 'videos/b.mp4'];
      for (const key of [kept, put, deleted]) await abandon(key);
      await store.putFile(put, path, options);
      await store.delete(deleted);
      expect(s3.listMultipartUploads().map(({ key }) => key)).toEqual([kept]);
      await store.delete(kept);
      expect(s3.listMultipartUploads()).toEqual([]);
    });
  });

  it('counts what was stored and what failed, but not what was cancelled', async () => {
    const observer = new CountingObserver();
    const store = open({ observer });
    const { path, options } = await files.make(6 * MIB);
    await store.putFile(newKey(), path, options);
    await expect(store.putFile(newKey(), path, { ...options, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(observer).toMatchObject({ bytes: 6 * MIB, failures: 0 });
    await expect(store.putFile(newKey(), path, { ...options, sha256Hex: '0'.repeat(64) })).rejects.toThrow();
    expect(observer).toMatchObject({ bytes: 6 * MIB, failures: 1 });
  });
});
