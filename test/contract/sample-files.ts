import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PutFileOptions } from '../../src/modules/storage/object-store.port.js';

export interface SampleFile {
  path: string;
  bytes: Buffer;
  /** What `putFile` wants to know of it. */
  options: PutFileOptions;
}

/** Random files in a temporary folder that `remove` takes away. */
export class SampleFiles {
  private constructor(readonly folder: string) {}

  static async create(): Promise<SampleFiles> {
    return new SampleFiles(await mkdtemp(join(tmpdir(), 'hindsight-samples-')));
  }

  async make(sizeBytes: number, contentType = 'video/mp4'): Promise<SampleFile> {
    const bytes = randomBytes(sizeBytes);
    const path = join(this.folder, randomBytes(8).toString('hex'));
    await writeFile(path, bytes);
    return { path, bytes, options: { contentType, sha256Hex: createHash('sha256').update(bytes).digest('hex') } };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
