import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PlannedPart } from '../../../src/modules/storage/domain/part-plan.js';
import type { StoredPart } from '../../../src/modules/storage/object-store.port.js';
import { sendParts } from '../../../src/modules/storage/send-parts.js';
import { Slots } from '../../../src/modules/storage/slots.js';

const PART_BYTES = 1_000;

describe('sending parts', () => {
  let folder: string;
  let path: string;
  let file: FileHandle;
  const bytes = randomBytes(8 * PART_BYTES + 7);
  const sha256Hex = createHash('sha256').update(bytes).digest('hex');
  const parts: PlannedPart[] = Array.from({ length: 9 }, (_, index) => ({
    number: index + 1,
    offset: index * PART_BYTES,
    sizeBytes: index === 8 ? 7 : PART_BYTES,
  }));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hindsight-parts-'));
    path = join(folder, 'file');
    await writeFile(path, bytes);
    file = await open(path, 'r');
  });

  afterEach(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  /** Ends later parts first, so that order is not a matter of luck. */
  const sentOf = async ({ number, sizeBytes }: PlannedPart): Promise<StoredPart> => {
    for (let turn = 0; turn < 10 - number; turn++) await new Promise(setImmediate);
    return { number, etag: `"${number}"`, sizeBytes };
  };

  it('sends every byte once, holds few parts in memory, and answers in order', async () => {
    const received = Buffer.alloc(bytes.length);
    let held = 0;
    let most = 0;
    let tellThree = () => {};
    const threeAtOnce = new Promise<void>((resolve) => (tellThree = resolve));
    const send = async (part: PlannedPart, body: Buffer): Promise<StoredPart> => {
      most = Math.max(most, (held += body.length));
      if (held === 3 * PART_BYTES) tellThree();
      body.copy(received, part.offset);
      await threeAtOnce;
      const sent = await sentOf(part);
      held -= body.length;
      return sent;
    };
    const sent = await sendParts({ file, parts, sha256Hex, slots: new Slots(3), send });
    expect(sent.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(received.equals(bytes)).toBe(true);
    expect(most).toBe(3 * PART_BYTES);
  });

  it('stops the others at the first failure and ends only when they have ended', async () => {
    const slots = new Slots(3);
    let begun = 0;
    let underWay = 0;
    const send = async (part: PlannedPart, _body: Buffer, signal: AbortSignal): Promise<StoredPart> => {
      begun++;
      underWay++;
      try {
        if (part.number === 2) throw new Error('part 2 failed');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await new Promise(setImmediate);
        throw new Error('stopped');
      } finally {
        underWay--;
      }
    };
    const job = sendParts({ file, parts, sha256Hex, slots, send });
    await expect(job).rejects.toThrow('part 2 failed');
    expect(underWay).toBe(0);
    expect(begun).toBeLessThanOrEqual(4);
    for (let free = 0; free < 3; free++) await slots.take(AbortSignal.timeout(1_000));
  });

  it('refuses a file that is not the announced one, or that has shrunk', async () => {
    const job = { file, parts, slots: new Slots(3), send: sentOf };
    const mismatch = { code: 'STORAGE.MISMATCH' };
    await expect(sendParts({ ...job, sha256Hex: '0'.repeat(64) })).rejects.toMatchObject(mismatch);
    await truncate(path, 5_500);
    await expect(sendParts({ ...job, sha256Hex })).rejects.toMatchObject(mismatch);
  });

  it('waits for no place once it is cancelled', async () => {
    const slots = new Slots(1);
    await slots.take();
    const stop = new AbortController();
    const job = sendParts({ file, parts, sha256Hex, slots, send: sentOf, signal: stop.signal });
    stop.abort(new Error('cancelled'));
    await expect(job).rejects.toThrow('cancelled');
  });
});
