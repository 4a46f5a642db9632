import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CaptureSync, type SyncedFile } from '../../../src/modules/footage/capture-sync.store.js';
import { eventually } from '../../support/recorder/eventually.js';

/** A file on a disk that answers when it is told to. */
class SlowFile implements SyncedFile {
  running = 0;
  begun = 0;
  closed = false;
  private answers: ((error?: Error) => void)[] = [];

  async datasync(): Promise<void> {
    this.begun += 1;
    this.running += 1;
    await new Promise<void>((resolve, reject) =>
      this.answers.push((error) => (error === undefined ? resolve() : reject(error))),
    );
    this.running -= 1;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  async answer(error?: Error): Promise<void> {
    await eventually(() => expect(this.answers).not.toEqual([]));
    this.answers.shift()!(error);
  }
}

describe('CaptureSync', () => {
  let dir: string;
  let metas: number;
  beforeEach(async () => {
    metas = 0;
    dir = await mkdtemp(join(tmpdir(), 'hindsight-sync-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const make = (delayMs: number) =>
    new CaptureSync(dir, delayMs, async () => {
      metas += 1;
    });

  it('syncs one at a time, and what is written meanwhile in one more', async () => {
    const [sync, file] = [make(0), new SlowFile()];
    for (let fragment = 0; fragment < 5; fragment += 1) sync.wrote(file);
    expect(file.begun).toBe(1);
    await file.answer();
    await file.answer();
    await sync.drain();
    expect(file.begun).toBe(2);
  });

  it('lets fragments gather for as long as it may, and then begins by itself', async () => {
    const [sync, file] = [make(50), new SlowFile()];
    sync.wrote(file);
    sync.wrote(file);
    expect(file.begun).toBe(0);
    await file.answer();
    sync.wrote(file);
    await file.answer();
    await sync.drain();
    expect(file.begun).toBe(2);
  });

  it('does not count a file as safe whose bytes came while it was being synced', async () => {
    const [sync, file] = [make(60_000), new SlowFile()];
    sync.wrote(file);
    let isDrained = false;
    const drained = sync.drain().then(() => (isDrained = true));
    expect(file.begun).toBe(1);
    sync.wrote(file);
    await file.answer();
    await eventually(() => expect(file.begun).toBe(2));
    expect(isDrained).toBe(false);
    await file.answer();
    await drained;
  });

  it('closes an ended file after its last bytes are safe, and also when the disk refuses', async () => {
    for (const error of [undefined, new Error('EIO: i/o error')]) {
      const [sync, file] = [make(60_000), new SlowFile()];
      const noted: boolean[] = [];
      sync.wrote(file);
      sync.end(file, async () => {
        noted.push(file.closed);
        throw new Error('a note that fails harms nothing');
      });
      const drained = sync.drain().catch((thrown: unknown) => thrown);
      expect([file, noted]).toMatchObject([{ begun: 1, closed: false }, []]);
      await file.answer(error);
      expect(await drained).toBe(error);
      expect(file.closed).toBe(true);
      expect(noted).toEqual(error ? [] : [false]);
    }
  });

  it('tells the error of a sync once, to whoever asks next', async () => {
    const sync = make(0);
    const file = await open(join(dir, '000001.mp4'), 'wx');
    await file.close();
    sync.wrote(file);
    await eventually(() => expect(() => sync.throwIfFailed()).toThrow(/EBADF|closed/));
    expect(() => sync.throwIfFailed()).not.toThrow();
    await rm(dir, { recursive: true });
    sync.created();
    await expect(sync.drain()).rejects.toThrow(/ENOENT/);
  });

  it('writes what the capture says of itself at once, also during a long wait, and once for many changes', async () => {
    const [sync, file] = [make(60_000), new SlowFile()];
    sync.wrote(file);
    for (let change = 0; change < 5; change += 1) sync.changedMeta();
    await file.answer();
    await eventually(() => expect(metas).toBe(2));
    await sync.drain();
    expect(metas).toBe(2);
  });
});
