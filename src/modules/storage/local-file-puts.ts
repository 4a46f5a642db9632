import { type FileHandle, realpath } from 'node:fs/promises';
import { md5HexOfPieces } from './digests.js';
import type { LocalFiles } from './local-files.js';
import type { LocalObjects, ReadyFile } from './local-objects.js';
import type { PutFileOptions, PutResult } from './object-store.port.js';
import { piecesOf, throwSourceError, withSource } from './source-file.js';
import { mismatch } from './storage-errors.js';

/** Makes objects of files that lie elsewhere: a second name for the same bytes where there can be one, else a copy. */
export class LocalFilePuts {
  constructor(
    private readonly files: LocalFiles,
    private readonly objects: LocalObjects,
  ) {}

  async put(key: string, path: string, options: PutFileOptions): Promise<PutResult> {
    // A second name of a symbolic link would be that of the link.
    const source = await realpath(path).catch(throwSourceError);
    const linked = await this.files.withTempLink(source, (tempPath) => this.putLink(key, tempPath, options));
    return linked ?? (await this.putCopy(key, source, options));
  }

  private putLink(key: string, tempPath: string, options: PutFileOptions): Promise<PutResult> {
    const { sizeBytes, signal } = options;
    return withSource(tempPath, sizeBytes, async (file) => {
      const md5Hex = options.md5Hex?.toLowerCase() ?? (await md5HexOfPieces(piecesOf(file, sizeBytes, signal)));
      await file.sync();
      return this.publish(key, { path: tempPath, file }, md5Hex, options);
    });
  }

  private putCopy(key: string, source: string, options: PutFileOptions): Promise<PutResult> {
    const { sizeBytes, signal } = options;
    let md5Hex = '';
    return this.files.withTempFile(
      async (file) => {
        const read = (from: FileHandle) => md5HexOfPieces(copied(piecesOf(from, sizeBytes, signal), file));
        md5Hex = await withSource(source, sizeBytes, read);
        const wanted = options.md5Hex?.toLowerCase() ?? md5Hex;
        if (wanted !== md5Hex) throw mismatch('The bytes of the file are not those of the digest.');
      },
      (path, file) => this.publish(key, { path, file }, md5Hex, options),
    );
  }

  private async publish(
    key: string,
    ready: ReadyFile,
    md5Hex: string,
    { contentType, sizeBytes, signal }: PutFileOptions,
  ): Promise<PutResult> {
    signal?.throwIfAborted();
    await this.objects.publish(key, ready, { contentType, sha256Hex: null, etag: md5Hex });
    return { sizeBytes, etag: `"${md5Hex}"` };
  }
}

/** The same pieces, each when it is written to `target`. */
async function* copied(pieces: AsyncIterable<Buffer>, target: FileHandle): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    await target.writeFile(piece);
    yield piece;
  }
}
