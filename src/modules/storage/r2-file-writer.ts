import type { Readable } from 'node:stream';
import { PutObjectCommand, type PutObjectCommandOutput } from '@aws-sdk/client-s3';
import { base64OfHex, isMd5Tag, isOtherMd5, md5HexOfPieces } from './digests.js';
import type { PutFileOptions, PutResult } from './object-store.port.js';
import { BODY_TIMEOUT_MS, sendOptions } from './r2-client.js';
import { isBadDigest } from './r2-errors.js';
import type { WriterDeps } from './r2-writer.js';
import { withRetries } from './retries.js';
import { piecesOf, withSource } from './source-file.js';
import { mismatch } from './storage-errors.js';

interface FileObject {
  Bucket: string;
  Key: string;
  ContentType: string;
  ContentLength: number;
  ContentMD5: string;
  Metadata: Record<string, string>;
}

/** Stores files, each in one PUT. Errors come out as the SDK throws them. */
export class R2FileWriter {
  constructor(private readonly deps: Omit<WriterDeps, 'multipart'>) {}

  async putFile(key: string, path: string, options: PutFileOptions): Promise<PutResult> {
    const { contentType, sizeBytes, signal } = options;
    signal?.throwIfAborted();
    const digest = () => withSource(path, sizeBytes, (file) => md5HexOfPieces(piecesOf(file, sizeBytes, signal)));
    const md5Hex = options.md5Hex?.toLowerCase() ?? (await digest());
    const object = {
      Bucket: this.deps.bucket,
      Key: key,
      ContentType: contentType,
      ContentLength: sizeBytes,
      ContentMD5: base64OfHex(md5Hex),
      Metadata: { md5: md5Hex },
    };
    const etag = await this.put(path, object, md5Hex, signal);
    return { sizeBytes, etag: etag ?? (await this.look(object, md5Hex, signal)) };
  }

  /** The tag of the object when it proves what the store has; null when it says nothing of that. */
  private async put(path: string, object: FileObject, md5Hex: string, signal?: AbortSignal): Promise<string | null> {
    const attempt = async (): Promise<string | null> => {
      const answer = await this.deps.gate.run(object.Key, () => this.send(path, object, signal), signal);
      if (answer.ETag === undefined || !isMd5Tag(answer)) return null;
      if (isOtherMd5(answer.ETag, md5Hex)) throw mismatch('The object store has other bytes than those of the file.');
      return answer.ETag;
    };
    try {
      return await withRetries(this.deps.retrying, attempt, signal);
    } catch (error) {
      if (!isBadDigest(error)) throw error;
      throw mismatch(
        'What arrives at the object store are not the bytes of the digest: is it the digest of this file?',
      );
    }
  }

  /** One attempt, with a stream of its own: what was sent of a stream cannot be sent again. */
  private send(path: string, object: FileObject, signal?: AbortSignal): Promise<PutObjectCommandOutput> {
    return withSource(path, object.ContentLength, (file) =>
      this.deps.bandwidth.sendPieces(piecesOf(file, object.ContentLength), (body) =>
        this.sendBody(body, object, signal),
      ),
    );
  }

  private async sendBody(Body: Readable, object: FileObject, signal?: AbortSignal): Promise<PutObjectCommandOutput> {
    const over = new AbortController();
    const options = sendOptions(AbortSignal.any(signal ? [over.signal, signal] : [over.signal]), BODY_TIMEOUT_MS);
    Body.once('error', () => over.abort());
    try {
      return await this.deps.client.send(new PutObjectCommand({ ...object, Body }), options);
    } catch (error) {
      throw Body.errored ?? error;
    } finally {
      // An answer that comes before all was sent leaves a request behind that nobody would ever end.
      if (!Body.readableEnded) over.abort();
    }
  }

  private async look({ Key, ContentLength }: FileObject, md5Hex: string, signal?: AbortSignal): Promise<string> {
    const stored = await withRetries(this.deps.retrying, () => this.deps.head(Key, signal), signal);
    if (stored?.info.sizeBytes === ContentLength && stored.md5Hex === md5Hex) return stored.info.etag;
    throw mismatch('The object store has not got the file that was just stored, with its size and its MD5.');
  }
}
