import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Finished files that wait for the store: `assembled/{playbackId}.mp4` beside the fragment log. */
export class AssembledFiles {
  private readonly dir: string;

  constructor(recordDir: string) {
    this.dir = join(recordDir, 'assembled');
  }

  /** The path for a playback's file, in a folder that is there. */
  async pathFor(playbackId: string): Promise<string> {
    await mkdir(this.dir, { recursive: true });
    return join(this.dir, `${playbackId}.mp4`);
  }

  /** Playbacks that have a file here, finished or half-written. */
  async list(): Promise<string[]> {
    await mkdir(this.dir, { recursive: true });
    return [...new Set((await readdir(this.dir)).map((name) => name.split('.')[0]!))];
  }

  async remove(playbackId: string): Promise<void> {
    const path = join(this.dir, `${playbackId}.mp4`);
    await Promise.all([path, `${path}.part`].map((each) => rm(each, { force: true })));
  }
}
