import { setTimeout as delay } from 'node:timers/promises';
import { engineUploads } from './engine-uploads.js';
import { uploadFile } from './upload-at-the-end.js';
import type { UploadCost, Uploader, UploadRequest, UploadSetup } from './upload-setup.js';
import { answerWith } from './worker.js';

const SAMPLE_MS = 10;
/** Lets what the start has left in memory be collected. */
const SETTLE_MS = 500;

answerWith(async ({ by, setup, playbackIds }: UploadRequest): Promise<UploadCost> => {
  const { send, close } = await uploadsBy(by, setup);
  // The first one also loads and compiles what it needs.
  await send(playbackIds[0]!);
  await delay(SETTLE_MS);
  const memory = watchMemory();
  const [fromMs, from] = [performance.now(), process.cpuUsage()];
  await Promise.all(playbackIds.slice(1).map((id) => send(id)));
  const { user, system } = process.cpuUsage(from);
  const cost = { ms: performance.now() - fromMs, cpuMs: (user + system) / 1_000, grownBytes: memory.stop() };
  await close();
  return cost;
});

interface Uploads {
  send: (playbackId: string) => Promise<unknown>;
  close: () => Promise<void>;
}

async function uploadsBy(by: Uploader, setup: UploadSetup): Promise<Uploads> {
  if (by === 'engine') return engineUploads(setup);
  const send = (playbackId: string) => uploadFile(setup.address, setup.file, `lib-storage/${playbackId}.mp4`);
  return { send, close: async () => undefined };
}

function watchMemory(): { stop: () => number } {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return most - before;
    },
  };
}
