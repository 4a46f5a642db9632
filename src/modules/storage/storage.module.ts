import { Global, Module } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { LocalStoreAdapter } from './local-store.adapter.js';
import { FootageStore, ObjectStore, StorageObserver } from './object-store.port.js';
import { R2StoreAdapter } from './r2-store.adapter.js';

/** The store of playbacks that the configuration asks for. */
export function createObjectStore(config: AppConfig, observer?: StorageObserver): ObjectStore {
  const { mode, localDir } = config.storage;
  return mode === 'local' ? new LocalStoreAdapter(localDir, observer) : createR2Store(config, observer);
}

/** The store of footage: that of playbacks, where both are away, so that both share its bandwidth. */
export function createFootageStore(config: AppConfig, playbacks: ObjectStore): FootageStore {
  const { store, dir } = config.footage;
  if (store === 'local') return new LocalStoreAdapter(dir);
  return config.storage.mode === 'r2' ? playbacks : createR2Store(config);
}

function createR2Store({ storage: { r2 }, upload }: AppConfig, observer?: StorageObserver): ObjectStore {
  if (!r2) throw new Error('a store in R2 without its settings: loadConfig lets none through');
  return new R2StoreAdapter(r2, { observer, maxBytesPerSec: upload.maxBytesPerSec });
}

@Global()
@Module({
  providers: [
    {
      provide: ObjectStore,
      inject: [AppConfig, { token: StorageObserver, optional: true }],
      useFactory: createObjectStore,
    },
    { provide: FootageStore, inject: [AppConfig, ObjectStore], useFactory: createFootageStore },
  ],
  exports: [ObjectStore, FootageStore],
})
export class StorageModule {}
