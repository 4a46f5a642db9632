import { DataSource } from 'typeorm';
import { SystemClock } from '../../src/common/clock.js';
import { createLogger } from '../../src/common/logging.js';
import { loadConfig } from '../../src/config/app-config.js';
import { ProgressRepository } from '../../src/modules/catalogue/progress.repository.js';
import { NodeIdentity } from '../../src/modules/cluster/node-identity.js';
import { PartSender } from '../../src/modules/delivery/part-sender.service.js';
import { PlaybackUpload } from '../../src/modules/delivery/playback-upload.js';
import { readStream } from '../../src/modules/delivery/stream-bytes.store.js';
import { UploadRepository } from '../../src/modules/delivery/upload.repository.js';
import { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import { readStoredCapture } from './stored-capture.js';
import type { UploadSetup } from './upload-setup.js';

/**
 * The upload engine as the service has it, rows in the database and all, but for who tells it to begin: each upload sends the fragments of
 * one capture, the first part last, and completes the object.
 */
export async function engineUploads({ address, databaseUrl, nodeId, captureDir }: UploadSetup) {
  const config = loadConfig({});
  const [clock, logger] = [new SystemClock(), createLogger('silent')];
  const database = await new DataSource({ type: 'postgres', url: databaseUrl }).initialize();
  const store = new R2StoreAdapter({ ...address, publicUrl: undefined, region: 'auto' });
  const rows = new UploadRepository(database, new ProgressRepository(database));
  const sender = new PartSender(config, clock, logger, new NodeIdentity(nodeId, captureDir), store, rows);
  const capture = await readStoredCapture(captureDir);

  const send = async (playbackId: string): Promise<void> => {
    const { signal } = new AbortController();
    const upload = new PlaybackUpload(playbackId, config.upload.partBytes);
    upload.restored();
    for (const fragment of capture.fragments) upload.append(capture, fragment);
    while (upload.hasFullPart) await sender.sendNext(upload, signal);
    const { stream, sentBytes, partSizeBytes, nextNumber } = upload;
    const first = { read: () => readStream(stream, 0, partSizeBytes), signal, waiting: signal };
    const last = { read: () => readStream(stream, sentBytes, stream.sizeBytes), signal, waiting: signal };
    const head = await sender.send(upload, 1, first);
    const parts = [head, ...upload.parts, await sender.send(upload, nextNumber, last)];
    await store.completeParts(upload.target!, parts, signal);
  };
  const close = async (): Promise<void> => {
    store.onModuleDestroy();
    await database.destroy();
  };
  return { send, close };
}
