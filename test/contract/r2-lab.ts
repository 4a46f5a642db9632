import { randomUUID } from 'node:crypto';
import { videoKey } from '../../src/modules/storage/domain/object-key.js';
import { StorageObserver } from '../../src/modules/storage/object-store.port.js';
import { R2StoreAdapter, type R2StoreOptions } from '../../src/modules/storage/r2-store.adapter.js';
import { type S3ServerOptions, type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';

/** Small enough to be quick; the server's own limit is lowered to it. */
export const PART_BYTES = 4_096;
export const OPTIONS = { contentType: 'video/mp4', partSizeBytes: PART_BYTES };

export function r2ConfigOf({ endpoint, accessKeyId, secretAccessKey, bucket, publicUrl, region }: S3TestServer) {
  return { endpoint, accessKeyId, secretAccessKey, bucket, publicUrl, region };
}

export function newKey(): string {
  return videoKey(randomUUID());
}

/** One S3 server for all tests of a file, and adapters on it for each test. */
export class R2Lab {
  private stores: R2StoreAdapter[] = [];

  private constructor(readonly s3: S3TestServer) {}

  static async start(options: S3ServerOptions = {}): Promise<R2Lab> {
    return new R2Lab(await startS3({ writeGapMs: 100, minPartBytes: PART_BYTES, pageSize: 5, ...options }));
  }

  /** Quick retries and rewrites, everything else as in the service. */
  open(options: R2StoreOptions = {}, config = {}): R2StoreAdapter {
    const store = new R2StoreAdapter(
      { ...r2ConfigOf(this.s3), ...config },
      {
        retries: { attempts: 4, firstMs: 10, maxMs: 50 },
        timeouts: { connectMs: 2_000, requestMs: 20_000, idleMs: 5_000 },
        writeGapMs: 120,
        ...options,
      },
    );
    this.stores.push(store);
    return store;
  }

  /** Uploads of a key that were begun and neither completed nor aborted. */
  unfinished(key: string): string[] {
    return this.s3.listMultipartUploads().flatMap((upload) => (upload.key === key ? [upload.uploadId] : []));
  }

  /** After each test. */
  async reset(): Promise<void> {
    for (const store of this.stores) store.onModuleDestroy();
    this.stores = [];
    this.s3.faults.clear();
    this.s3.stats.reset();
    await this.s3.setDown(false);
  }
}

export class CountingObserver extends StorageObserver {
  bytes = 0;
  failures = 0;
  uploaded(bytes: number): void {
    this.bytes += bytes;
  }
  uploadFailed(): void {
    this.failures++;
  }
}
