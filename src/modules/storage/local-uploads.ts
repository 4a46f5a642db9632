import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { md5HexOf } from './digests.js';
import { errnoOf } from './local-errors.js';
import { type LocalFiles, whenMissing } from './local-files.js';
import type { LocalObjects } from './local-objects.js';
import { appendPart, createUploadLog, readUploadLog, type UploadLog } from './local-upload-log.js';
import type { BeginPartsOptions, ObjectInfo, OpenUpload, PartsTarget, StoredPart } from './object-store.port.js';
import { mismatch, uploadGone } from './storage-errors.js';

const UPLOAD_ID = /^[0-9a-f-]{36}$/;
const LOG_SUFFIX = '.log';

type UploadName = Pick<PartsTarget, 'key' | 'uploadId'>;

/**
 * Objects that are put together out of parts. In the folder `.uploads`, which no key can name, an upload is a file in which every part lies
 * where it will be in the object, and a log of the parts that are on the disk for certain. An upload is there as long as its log is.
 */
export class LocalUploads {
  private readonly folder: string;

  constructor(
    private readonly files: LocalFiles,
    private readonly objects: LocalObjects,
  ) {
    this.folder = join(files.root, '.uploads');
  }

  async begin(key: string, { contentType, partSizeBytes }: BeginPartsOptions): Promise<PartsTarget> {
    const target = { key, uploadId: randomUUID(), token: randomUUID(), partSizeBytes };
    const { token } = target;
    const startedAt = new Date().toISOString();
    await createUploadLog(this.files, this.logOf(target), { key, token, contentType, partSizeBytes, startedAt });
    await (await open(this.dataOf(target), 'wx')).close();
    return target;
  }

  async putPart(target: PartsTarget, number: number, bytes: Buffer): Promise<StoredPart> {
    if (!(await this.read(target))) throw uploadGone();
    const file = await this.openData(target);
    if (!file) throw uploadGone();
    try {
      await writeFully(file, bytes, (number - 1) * target.partSizeBytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    const part = { number, etag: `"${md5HexOf(bytes)}"`, sizeBytes: bytes.length };
    if (!(await appendPart(this.logOf(target), part))) throw uploadGone();
    return part;
  }

  async listParts(target: UploadName): Promise<StoredPart[] | null> {
    return (await this.read(target))?.parts ?? null;
  }

  /** Cuts the file to its length and moves it to its key; what another attempt has done already is not done again. */
  async complete(target: PartsTarget, parts: readonly StoredPart[], sizeBytes: number): Promise<ObjectInfo> {
    const log = await this.read(target);
    const file = log && (await this.openData(target));
    if (file) {
      try {
        checkSame(parts, log.parts);
        await this.publish(target, { log, file, sizeBytes });
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error; // else somebody else has moved or removed it: see below
      } finally {
        await file.close();
      }
    }
    const seen = await this.objects.find(target.key);
    if (seen?.token !== target.token || seen.info.sizeBytes !== sizeBytes) throw uploadGone();
    await rm(this.logOf(target), { force: true });
    return seen.info;
  }

  async abort(target: UploadName): Promise<void> {
    if (!(await this.read(target))) return;
    await rm(this.dataOf(target), { force: true });
    await rm(this.logOf(target), { force: true });
  }

  async list(prefix: string): Promise<OpenUpload[]> {
    const uploads: OpenUpload[] = [];
    for (const name of await readdir(this.folder).catch(whenMissing<string[]>([]))) {
      if (!name.endsWith(LOG_SUFFIX)) continue;
      const log = await readUploadLog(join(this.folder, name));
      if (!log?.head.key.startsWith(prefix)) continue;
      const uploadId = name.slice(0, -LOG_SUFFIX.length);
      uploads.push({ key: log.head.key, uploadId, startedAt: new Date(log.head.startedAt) });
    }
    return uploads;
  }

  async abortAll(key: string): Promise<void> {
    for (const upload of await this.list(key)) if (upload.key === key) await this.abort(upload);
  }

  private async publish(
    { key, uploadId }: PartsTarget,
    { log, file, sizeBytes }: { log: UploadLog; file: FileHandle; sizeBytes: number },
  ): Promise<void> {
    const { size } = await file.stat();
    if (size < sizeBytes) throw mismatch('The file of the upload is shorter than its parts.');
    // What a part that was larger once has left behind. Only then, for it changes the file's time, which its description names.
    if (size > sizeBytes) await file.truncate(sizeBytes);
    await file.sync();
    const { contentType, token } = log.head;
    const about = { contentType, token, sha256Hex: null, etag: compositeOf(log.parts) };
    await this.objects.publish(key, { path: this.dataOf({ key, uploadId }), file }, about);
  }

  private async read({ key, uploadId }: UploadName): Promise<UploadLog | null> {
    if (!UPLOAD_ID.test(uploadId)) return null; // it becomes a file name
    const log = await readUploadLog(this.logOf({ key, uploadId }));
    return log?.head.key === key ? log : null;
  }

  private openData(target: UploadName): Promise<FileHandle | null> {
    return open(this.dataOf(target), 'r+').catch(whenMissing(null));
  }

  private dataOf({ uploadId }: UploadName): string {
    return join(this.folder, uploadId);
  }

  private logOf({ uploadId }: UploadName): string {
    return join(this.folder, `${uploadId}${LOG_SUFFIX}`);
  }
}

function checkSame(parts: readonly StoredPart[], stored: readonly StoredPart[]): void {
  const same = parts.every(({ number, etag, sizeBytes }, i) => {
    const other = stored[i];
    return other?.number === number && other.etag === etag && other.sizeBytes === sizeBytes;
  });
  if (!same || parts.length !== stored.length) {
    throw mismatch('The parts are not those that the object store has: list them again.');
  }
}

/** The tag of S3 for an object of parts: it names every byte. */
function compositeOf(parts: readonly StoredPart[]): string {
  const md5s = parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${parts.length}`;
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
