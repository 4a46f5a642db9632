import type { StoreAddress } from './slow-store.js';

export interface UploadSetup {
  address: StoreAddress;
  databaseUrl: string;
  nodeId: string;
  /** The capture whose fragments are sent … */
  captureDir: string;
  /** … and a file of the same bytes. */
  file: string;
}

export type Uploader = 'engine' | 'lib-storage';

export interface UploadRequest {
  by: Uploader;
  setup: UploadSetup;
  /** One upload each, all at once. */
  playbackIds: string[];
}

export interface UploadCost {
  ms: number;
  /** Of this process, user and system. */
  cpuMs: number;
  /** Resident memory at its peak, over what it was before. */
  grownBytes: number;
}
