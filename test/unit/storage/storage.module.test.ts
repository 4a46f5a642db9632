import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppConfig, loadConfig } from '../../../src/config/app-config.js';
import { LocalStoreAdapter } from '../../../src/modules/storage/local-store.adapter.js';
import { ObjectStore, StorageObserver } from '../../../src/modules/storage/object-store.port.js';
import { StorageModule } from '../../../src/modules/storage/storage.module.js';

class Observer extends StorageObserver {
  bytes = 0;
  uploaded(bytes: number): void {
    this.bytes += bytes;
  }
  uploadFailed(): void {
    this.bytes = Number.NaN;
  }
}

const R2 = {
  STORAGE_MODE: 'r2',
  R2_ENDPOINT: 'http://127.0.0.1:9',
  R2_ACCESS_KEY_ID: 'id',
  R2_SECRET_ACCESS_KEY: 'a-long-secret-of-a-test',
  R2_BUCKET_NAME: 'bucket',
};

describe('the storage module', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hindsight-module-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function start(env: Record<string, string>, observer?: Observer) {
    const given = [{ provide: AppConfig, useValue: loadConfig({ DATA_DIR: folder, ...env }) }];
    const providers = observer ? [...given, { provide: StorageObserver, useValue: observer }] : given;
    @Global()
    @Module({ providers, exports: providers })
    class Around {}
    @Module({ imports: [Around, StorageModule] })
    class Root {}
    return NestFactory.createApplicationContext(Root, { logger: false });
  }

  it('provides the store that the configuration asks for', async () => {
    const local = await start({});
    expect(local.get(ObjectStore)).toBeInstanceOf(LocalStoreAdapter);
    expect(local.get(ObjectStore).origin).toBeNull();
    await local.close();
    const r2 = await start(R2);
    expect(r2.get(ObjectStore).origin).toBe(new URL(R2.R2_ENDPOINT).origin);
    expect(r2.get(ObjectStore).publicUrl('a/b')).toBeNull();
    await r2.close();
  });

  it('tells an observer, when there is one, what was stored', async () => {
    const observer = new Observer();
    const app = await start({}, observer);
    await app.get(ObjectStore).putBytes('a/b', Buffer.from('hello'), { contentType: 'text/plain' });
    expect(observer.bytes).toBe(5);
    await app.close();
  });
});
