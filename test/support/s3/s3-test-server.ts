import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerUpload } from './multipart-ledger.js';
import { S3Faults } from './s3-faults.js';
import { S3Listener } from './s3-listener.js';
import { S3Stats } from './s3-stats.js';
import { S3rverBackend } from './s3rver-backend.js';
import { StrictS3Front } from './strict-s3-front.js';

export interface S3ServerOptions {
  bucket?: string;
  /** R2's limit is 5 MiB; a test may lower it to get many small parts. */
  minPartBytes?: number;
  maxParts?: number;
  /** Least time between two writes to one key; R2: a second. */
  writeGapMs?: number;
  /** The most that one answer lists; S3: 1,000. */
  pageSize?: number;
  secretAccessKey?: string;
  /** The only one that signatures may be for; R2: auto. */
  region?: string;
}

export interface StoredObject {
  body: Buffer;
  contentType: string | undefined;
  etag: string | undefined;
  /** The `x-amz-meta-*` headers, without that prefix. */
  metadata: Record<string, string>;
}

/** A running object store: what the service needs to reach it, and what a test needs to disturb and to inspect it. */
export interface S3TestServer {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  region: string;
  /** Base of public object URLs; no signature needed there. */
  publicUrl: string;
  faults: S3Faults;
  stats: S3Stats;
  /** The variables that point the service here. */
  env: Record<string, string>;
  /** Uploads that were begun and neither completed nor aborted. */
  listMultipartUploads(): LedgerUpload[];
  /** Looks past the front and its faults, also while the server is down. */
  getObject(key: string): Promise<StoredObject | null>;
  listKeys(): Promise<string[]>;
  /** True: connections are cut and refused. False: the same port listens again. */
  setDown(down: boolean): Promise<void>;
  /** Cuts every connection of the API, which listens on the same port of another address then, and no longer where it was. */
  moveTo(host: string): Promise<void>;
  stop(): Promise<void>;
}

/** s3rver knows one account, by this name. */
const ACCESS_KEY_ID = 'S3RVER';
const MIB = 1024 ** 2;

/** Starts an HTTP S3 server with R2's rules on 127.0.0.1, its objects in a temporary folder that `stop` removes. */
export async function startS3(options: S3ServerOptions = {}): Promise<S3TestServer> {
  const { bucket = 'recordings', secretAccessKey = 'test-secret-of-the-s3-server' } = options;
  const { minPartBytes = 5 * MIB, maxParts = 10_000, writeGapMs = 1_000, pageSize = 1_000, region = 'auto' } = options;
  const directory = await mkdtemp(join(tmpdir(), 'hindsight-s3-'));
  const backend = new S3rverBackend(directory, bucket);
  await backend.start();
  const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey };
  const front = new StrictS3Front(backend, {
    bucket,
    credentials,
    region,
    minPartBytes,
    maxParts,
    writeGapMs,
    pageSize,
  });
  const faults = new S3Faults();
  const stats = new S3Stats();
  const api = new S3Listener((request) => front.answer(request), faults, stats);
  const open = new S3Listener((request) => front.answerPublic(request), faults, stats, `/${bucket}`);
  await Promise.all([api.open(), open.open()]);
  let stopped: Promise<void> | undefined;

  const stop = async (): Promise<void> => {
    faults.clear();
    await Promise.all([api.close(), open.close()]);
    await backend.stop();
    await rm(directory, { recursive: true, force: true });
  };

  return {
    get endpoint() {
      return api.url;
    },
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey,
    bucket,
    region,
    publicUrl: open.url,
    faults,
    stats,
    env: {
      STORAGE_MODE: 'r2',
      R2_ENDPOINT: api.url,
      R2_ACCESS_KEY_ID: ACCESS_KEY_ID,
      R2_SECRET_ACCESS_KEY: secretAccessKey,
      R2_BUCKET_NAME: bucket,
      S3_REGION: region,
      R2_PUBLIC_URL: open.url,
    },
    listMultipartUploads: () => front.uploads.list(),
    getObject: async (key) => {
      const found = await backend.read(key);
      if (!found) return null;
      const { headers, body } = found;
      return {
        body,
        contentType: headers['content-type'],
        etag: front.uploads.etagOf(key) ?? headers.etag,
        metadata: metadataOf(headers),
      };
    },
    listKeys: () => backend.listKeys(),
    setDown: async (down) => {
      await Promise.all([api, open].map((listener) => (down ? listener.close() : listener.open())));
    },
    moveTo: async (host) => {
      await api.close();
      await api.open(host);
    },
    stop: () => (stopped ??= stop()),
  };
}

function metadataOf(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const prefix = 'x-amz-meta-';
  const entries = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), String(value)]));
}
