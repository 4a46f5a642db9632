import { open, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { selectFootage } from '../../../src/modules/footage/domain/footage.js';
import { named } from '../../../src/modules/footage/domain/segment-choice.js';
import { CAM, FragmentLogRig, T } from './fragment-log-rig.js';

describe('FragmentLog', () => {
  let rig: FragmentLogRig;
  beforeEach(async () => {
    rig = await FragmentLogRig.open();
  });
  afterEach(() => rig.close());

  describe('of a segment that is closed', () => {
    /** Changes bytes of a file as a failing disk does: nobody wrote it. */
    async function rot(path: string, at: number): Promise<void> {
      const { atime, mtimeMs } = await stat(path);
      const bytes = await readFile(path);
      bytes.fill(0xff, at, at + 8);
      await writeFile(path, bytes);
      await utimes(path, atime, (Math.floor(mtimeMs) + 0.5) / 1_000);
    }

    it('keeps a descriptor in memory, and its fragments on disk', async () => {
      const writer = await rig.write();
      const [capture] = await rig.log.listCaptures(CAM);
      expect(capture).toMatchObject({ open: [{ segment: '000000002.mp4' }, { segment: '000000002.mp4' }] });
      expect([...capture!.sealed.names()]).toEqual(['000000001.mp4']);
      await writer.close(T, null);
      expect(capture!.open).toEqual([]);
      expect([...capture!.sealed.names()]).toEqual(['000000001.mp4', '000000002.mp4']);
      expect((await rig.stored(writer)).fragments).toEqual(rig.told);
      const [again] = await rig.reopened().listCaptures(CAM);
      expect(again!.open).toEqual([]);
      expect([0, 1].map((index) => again!.sealed.at(index))).toEqual([0, 1].map((index) => capture!.sealed.at(index)));
    });

    it('reads only what was asked for', async () => {
      const writer = await rig.write();
      await writer.close(T, null);
      await rm(join(writer.capture.dir, '000000002.mp4'));
      const { epochMs } = writer.capture;
      const first = { startMs: epochMs + rig.told[0]!.startMs, endMs: epochMs + rig.told[1]!.startMs };
      const [read] = await rig.log.readCaptures(
        CAM,
        named(new Map([[writer.capture.captureId, new Set(['000000001.mp4'])]])),
      );
      expect(selectFootage([read!], first)[0]!.fragments).toEqual(rig.told.slice(0, 1));
      expect(read!.fragments).toEqual(rig.told.slice(0, 3));
    });

    it('is opened by what was noted of it, and its damage is found, once, when it is read', async () => {
      const writer = await rig.write();
      await writer.close(T, null);
      const path = join(writer.capture.dir, '000000001.mp4');
      await rot(path, rig.told[1]!.offset);
      const again = rig.reopened();
      const [capture] = await again.listCaptures(CAM);
      expect([rig.tornBytes, capture!.sealed.length]).toEqual([[], 2]);
      for (let turn = 0; turn < 2; turn += 1) {
        const [read] = await again.readCaptures(CAM);
        expect(read!.fragments).toEqual([rig.told[0], ...rig.told.slice(3)]);
      }
      const { offset, sizeBytes } = rig.told[0]!;
      expect(rig.tornBytes).toEqual([(await stat(path)).size - offset - sizeBytes]);
    });

    async function overwrite(path: string, at: number): Promise<void> {
      const file = await open(path, 'r+');
      await file.write('xxxxxxxxxxxx', at);
      await file.close();
    }

    it.each<[string, (path: string) => Promise<unknown>]>([
      ['was written to', (path) => overwrite(path, rig.told[0]!.offset)],
      ['is shorter than noted', (path) => truncate(path, 20)],
    ])('is read by the next start where it %s', async (_what, damage) => {
      const writer = await rig.write();
      await writer.close(T, null);
      await damage(join(writer.capture.dir, '000000001.mp4'));
      const [capture] = await rig.reopened().listCaptures(CAM);
      expect([...capture!.sealed.names()]).toEqual(['000000002.mp4']);
      expect(rig.tornBytes).toHaveLength(1);
    });

    it('loses nothing by damage in front of its fragments', async () => {
      const writer = await rig.write();
      await writer.close(T, null);
      await overwrite(join(writer.capture.dir, '000000001.mp4'), 0);
      expect((await rig.reopened().readCaptures(CAM))[0]!.fragments).toEqual(rig.told);
      expect(rig.tornBytes).toEqual([]);
    });

    it.each<[string, (path: string) => Promise<unknown>]>([
      ['lost', (path) => rm(path)],
      ['cut off', (path) => truncate(path, 30)],
      ['damaged', async (path) => writeFile(path, (await readFile(path, 'utf8')).replace(/[1-8]/g, '9'))],
    ])('is read by the next start where its note is %s, and noted again', async (_what, damage) => {
      const writer = await rig.write();
      await writer.close(T, null);
      const notes = join(writer.capture.dir, 'segments-0.jsonl');
      await damage(notes);
      expect((await rig.reopened().readCaptures(CAM))[0]!.fragments).toEqual(rig.told);
      await rot(join(writer.capture.dir, '000000001.mp4'), 0);
      expect((await rig.reopened().listCaptures(CAM))[0]!.sealed.length).toBe(2);
      expect(rig.tornBytes).toEqual([]);
    });
  });
});
