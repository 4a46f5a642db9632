import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.js';
import type { StoreRequest, StoreSetup } from './store-worker.js';
import { Worker } from './worker.js';

/** How to reach a store: enough for any S3 client. */
export type StoreAddress = Omit<StoreSetup, 'dir'> & { endpoint: string };

/** An S3 server with R2's rules behind an uplink of any width, in a process of its own. */
export class SlowStore {
  private readonly worker = Worker.start<StoreRequest>('store-worker.ts');

  private constructor(private readonly setup: StoreSetup) {}

  endpoint = '';

  static async start(bench: Bench): Promise<SlowStore> {
    const dir = join(bench.dir, 'store');
    await mkdir(dir);
    const store = new SlowStore({
      ...{ dir, bucket: 'recordings' },
      ...{ accessKeyId: 'S3RVER', secretAccessKey: 'secret-of-the-benchmark' },
    });
    bench.onClose(() => store.worker.stop());
    store.endpoint = await store.worker.ask<string>({ op: 'start', setup: store.setup });
    return store;
  }

  get address(): StoreAddress {
    const { bucket, accessKeyId, secretAccessKey } = this.setup;
    return { bucket, accessKeyId, secretAccessKey, endpoint: this.endpoint };
  }

  /** The variables that point the service here. */
  get env(): Record<string, string> {
    const { bucket, accessKeyId, secretAccessKey } = this.setup;
    return {
      ...{ STORAGE_MODE: 'r2', R2_ENDPOINT: this.endpoint, R2_BUCKET_NAME: bucket },
      ...{ R2_ACCESS_KEY_ID: accessKeyId, R2_SECRET_ACCESS_KEY: secretAccessKey },
    };
  }

  /** Of everything that is sent to the store together; null: as fast as it goes. */
  async setRate(bytesPerSec: number | null): Promise<void> {
    await this.worker.ask({ op: 'rate', bytesPerSec });
  }

  /** Bytes that have gone over the link so far, headers and all. */
  sentBytes(): Promise<number> {
    return this.worker.ask<number>({ op: 'sent' });
  }
}
