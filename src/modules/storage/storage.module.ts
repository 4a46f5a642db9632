import { Global, Module } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { LocalStoreAdapter } from './local-store.adapter.js';
import { ObjectStore, StorageObserver } from './object-store.port.js';
import { R2StoreAdapter } from './r2-store.adapter.js';

/** The store that the configuration asks for. */
export function createObjectStore(config: AppConfig, observer?: StorageObserver): ObjectStore {
  const { mode, localDir, r2 } = config.storage;
  if (mode === 'local') return new LocalStoreAdapter(localDir, observer);
  if (!r2) throw new Error('STORAGE_MODE=r2 without its settings: loadConfig lets none through');
  return new R2StoreAdapter(r2, { observer, maxBytesPerSec: config.upload.maxBytesPerSec });
}

@Global()
@Module({
  providers: [
    {
      provide: ObjectStore,
      inject: [AppConfig, { token: StorageObserver, optional: true }],
      useFactory: createObjectStore,
    },
  ],
  exports: [ObjectStore],
})
export class StorageModule {}
