import { SlowLink } from '../../test/support/slow-link.js';
import { S3Faults } from '../../test/support/s3/s3-faults.js';
import { S3Listener } from '../../test/support/s3/s3-listener.js';
import { S3Stats } from '../../test/support/s3/s3-stats.js';
import { StrictS3Front } from '../../test/support/s3/strict-s3-front.js';
import { PartsBackend } from './parts-backend.js';
import { answerWith } from './worker.js';

export interface StoreSetup {
  dir: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export type StoreRequest =
  { op: 'start'; setup: StoreSetup } | { op: 'rate'; bytesPerSec: number | null } | { op: 'sent' };

/** What R2 allows; the tests' server has the same. */
const RULES = { minPartBytes: 5 * 1024 ** 2, maxParts: 10_000, writeGapMs: 1_000, pageSize: 1_000, region: 'auto' };

let link: SlowLink;

async function start({ dir, bucket, ...credentials }: StoreSetup): Promise<string> {
  const backend = new PartsBackend(dir, bucket);
  await backend.start();
  const front = new StrictS3Front(backend, { ...RULES, bucket, credentials });
  const listener = new S3Listener((request) => front.answer(request), new S3Faults(), new S3Stats());
  await listener.open();
  link = await SlowLink.start(listener.url, { bytesPerSec: null });
  return link.through(listener.url);
}

answerWith(async (request: StoreRequest) => {
  switch (request.op) {
    case 'start':
      return start(request.setup);
    case 'rate':
      return link.setRate(request.bytesPerSec);
    case 'sent':
      return link.sentBytes;
  }
});
