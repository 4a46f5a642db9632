import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { selectFootage, type Take } from '../../../src/modules/footage/domain/footage.js';
import { planObject } from '../../../src/mp4/hybrid/object-layout.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { findBrowserForTests, playFileInBrowser } from '../../support/browser.js';
import { readMovie } from '../../support/mp4box-reader.js';
import {
  type Footage,
  putTogether,
  readFootage,
  writeObject,
  writeStream,
} from '../../support/recorder/hybrid-object.js';
import {
  AAC_48K,
  AAC_8K,
  H264,
  H264_BFRAMES,
  H265,
  makeCapture,
  type MadeStream,
  TONE_HZ,
} from '../../support/recorder/made-captures.js';
import { type HashedStream, hashPackets, hashPictures, relative } from '../../support/recorder/packets.js';
import { checkVideo } from '../../support/recorder/video-check.js';

const browser = findBrowserForTests();

const ALL_TIME = { startMs: 0, endMs: Infinity };
const STREAMS: [string, MadeStream][] = [
  ['H.264 without sound', { seconds: 4, video: H264 }],
  ['H.264 with AAC as the camera gave it', { seconds: 4, video: H264, audio: AAC_48K }],
  ['B-frames and AAC of 8 kHz', { seconds: 5, video: H264_BFRAMES, audio: AAC_8K }],
  ['H.265', { seconds: 4, video: H265, audio: AAC_8K }],
  ['sound that begins late', { seconds: 4, video: H264, audio: AAC_8K, audioFromSec: 1.3 }],
  ['sound that begins before the pictures', { seconds: 4, video: H264, audio: AAC_8K, audioFromSec: -0.7 }],
  ['sound that stops before the pictures', { seconds: 4, video: H264_BFRAMES, audio: AAC_8K, audioForSec: 1.7 }],
];

/** When each stream begins, seen from the first one. */
function offsetsSec(streams: readonly HashedStream[]): number[] {
  const startsSec = streams.map(({ packets, ticksPerSec }) => packets[0]!.dts / ticksPerSec);
  return startsSec.map((startSec) => startSec - startsSec[0]!);
}

describe('an object made of fragments', () => {
  let dir = '';
  let objectPath = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-hybrid-'));
    objectPath = join(dir, 'object.mp4');
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  async function capture(stream: MadeStream): Promise<Take<StoredCapture>[]> {
    return selectFootage([await makeCapture(dir, 'capture', stream)], ALL_TIME);
  }

  /** The same footage again, behind a gap. */
  async function captureTwice(stream: MadeStream, gapMs: number): Promise<Take<StoredCapture>[]> {
    const made = await makeCapture(dir, 'capture', stream);
    const [first, last] = [made.fragments[0]!, made.fragments.at(-1)!];
    const lengthMs = last.startMs + last.durationMs - first.startMs;
    const later = { ...made, captureId: 'later', epochMs: made.epochMs + lengthMs + gapMs };
    const takes = selectFootage([made, later], ALL_TIME);
    expect(takes).toHaveLength(2);
    return takes;
  }

  async function hashStream(takes: readonly Take<StoredCapture>[]): Promise<HashedStream[]> {
    const path = join(dir, 'stream.mp4');
    await writeStream(path, takes);
    return (await hashPackets(path)).streams;
  }

  /** What FFmpeg and another parser read in the object is what they read in the fragments. */
  async function expectEqual(expected: readonly HashedStream[], where: 'front' | 'behind' = 'front'): Promise<void> {
    const { streams, complaints } = await hashPackets(objectPath);
    expect(complaints).toBe('');
    expect(streams.map(relative)).toEqual(expected.map(relative));
    for (const [index, offsetSec] of offsetsSec(streams).entries()) {
      expect(Math.abs(offsetSec - offsetsSec(expected)[index]!)).toBeLessThanOrEqual(1 / streams[0]!.ticksPerSec);
    }
    const object = await readFile(objectPath);
    const { boxes, isFragmented, tracks } = readMovie(object);
    expect(isFragmented).toBe(false);
    const order = where === 'front' ? ['ftyp', 'moov', 'mdat'] : ['ftyp', 'mdat', 'moov'];
    expect(boxes.map(({ type }) => type).filter((type) => type !== 'free')).toEqual(order);
    const read = tracks.map(({ samples }) =>
      samples.map(({ offset, sizeBytes, dts, cts }) => ({
        ...{ dts: dts - samples[0]!.dts, pts: cts - samples[0]!.cts, sizeBytes },
        md5: createHash('md5')
          .update(object.subarray(offset, offset + sizeBytes))
          .digest('hex'),
      })),
    );
    expect(read).toEqual(expected.map(relative));
  }

  /** The largest number of whole parts, and half of it. */
  function sentParts({ stream }: Footage, partSizeBytes: number) {
    const parts = Math.floor(stream.length / partSizeBytes);
    return [parts, Math.ceil(parts / 2)].map((count) => ({ partSizeBytes, bytes: count * partSizeBytes }));
  }

  it.each(STREAMS)('holds every frame at its time, sent at the end or while recording: %s', async (_name, stream) => {
    const takes = await capture(stream);
    const expected = await hashStream(takes);
    const footage = await readFootage(takes);
    for (const sent of [null, ...sentParts(footage, 16_384).slice(0, 1)]) {
      const plan = await writeObject(objectPath, footage, sent);
      expect(plan.faststart).toBe(true);
      await expectEqual(expected);
    }
    const { complaints, durationSec } = await checkVideo(objectPath);
    expect(complaints).toBe('');
    expect(durationSec).toBeCloseTo(footage.movie.durationMs / 1_000, 2);
  });

  it('holds them with parts of any size, however far the upload has come', async () => {
    const takes = await capture({ seconds: 5, video: H264_BFRAMES, audio: AAC_8K });
    const expected = await hashStream(takes);
    const footage = await readFootage(takes);
    const places = new Set<boolean>();
    for (const partSizeBytes of [2_500, 5_000, 12_345, 40_000]) {
      for (const sent of sentParts(footage, partSizeBytes)) {
        const { faststart } = await writeObject(objectPath, footage, sent);
        places.add(faststart);
        await expectEqual(expected, faststart ? 'front' : 'behind');
      }
    }
    expect(places).toEqual(new Set([true, false]));
  });

  it.each(STREAMS.slice(1, 4))('is entered exactly at any time: %s', async (_name, stream) => {
    const footage = await readFootage(await capture(stream));
    await writeObject(objectPath, footage, sentParts(footage, 16_384)[0]!);
    const pictures = await hashPictures(objectPath);
    expect(pictures).toHaveLength(stream.seconds * 25);
    const { streams } = await hashPackets(objectPath);
    const { ticksPerSec } = streams[0]!;
    for (const index of [3, 24, 25, 26, 61, 99]) {
      const at = pictures[index]!;
      const [found] = await hashPictures(objectPath, (at.pts - 1) / ticksPerSec, 1);
      expect({ index, pts: found?.pts, md5: found?.md5 }).toEqual({ index, pts: at.pts, md5: at.md5 });
    }
  });

  it.each(STREAMS.slice(1, 3))(
    'keeps the clock over a gap, and the sound goes on in silence: %s',
    async (_name, stream) => {
      const takes = await captureTwice(stream, 3_300);
      const footage = await readFootage(takes);
      await writeObject(objectPath, footage, sentParts(footage, 16_384)[0]!);
      const { streams, complaints } = await hashPackets(objectPath);
      expect(complaints).toBe('');
      expect((await checkVideo(objectPath)).complaints).toBe('');
      const [pictures, sound] = streams as [HashedStream, HashedStream];
      const [fragmentPictures, fragmentSound] = await hashStream(takes);
      expect(relative(pictures)).toEqual(relative(fragmentPictures!));
      const steps = pictures.packets.slice(1).map(({ dts }, index) => dts - pictures.packets[index]!.dts);
      expect(Math.max(...steps) / pictures.ticksPerSec).toBeCloseTo(3.34, 1);

      const silent = createHash('md5').update(footage.movie.silence).digest('hex');
      expect(relative(sound).filter(({ md5 }) => md5 !== silent)).toEqual(relative(fragmentSound!));
      const silentSec = (sound.packets.filter(({ md5 }) => md5 === silent).length * 1_024) / sound.ticksPerSec;
      expect(Math.abs(silentSec - 3.3)).toBeLessThan(0.3);
      for (const [index, { dts }] of sound.packets.slice(1).entries()) {
        expect(dts - sound.packets[index]!.dts).toBeLessThan(1_024 * 1.6);
      }
    },
  );

  (browser ? it : it.skip)(
    'plays in a browser from start to end, with picture and sound behind a gap in step',
    async () => {
      const takes = await captureTwice({ seconds: 2, video: H264_BFRAMES, audio: AAC_8K }, 2_000);
      const footage = await readFootage(takes);
      for (const sent of [null, sentParts(footage, 8_192)[0]!]) {
        await writeObject(objectPath, footage, sent);
        const { streams } = await hashPackets(objectPath);
        const played = await playFileInBrowser(objectPath, { toneHz: TONE_HZ });
        expect(played).toMatchObject({ error: null, ended: true, width: 192, height: 108, hasSound: true });
        expect(played.frames).toBe(streams[0]!.packets.length);
        expect(played.durationSec).toBeCloseTo(footage.movie.durationMs / 1_000, 1);
        // The tone sets in with the first picture and with the first one behind the gap.
        const [first, behind] = [played.tonesSec[0], played.tonesSec.at(-1)];
        expect(first).toBeLessThan(0.5);
        expect(Math.abs(behind! - 4.15)).toBeLessThan(0.3);
      }
    },
  );

  it('plays when it is larger than 4 GiB', async () => {
    const takes = await capture({ seconds: 4, video: H264, audio: AAC_8K });
    const expected = await hashStream(takes);
    const footage = await readFootage(takes);
    const sent = { partSizeBytes: 2 ** 23, bytes: 2 ** 23 * 520 };
    const far = 2 ** 32 + 4_711;
    const layout = footage.layout.map((fragment, index) => ({
      ...fragment,
      streamOffset: (index < 2 ? 0 : far) + fragment.streamOffset!,
    }));
    const { pieces, sizeBytes, offsets } = planObject(footage.movie, layout, sent);
    expect(offsets.at(-1)).toBeGreaterThan(2 ** 32);
    const file = await open(objectPath, 'w');
    try {
      for (const [index, bytes] of footage.stored.entries()) await file.write(bytes, 0, bytes.length, offsets[index]);
      let at = 0;
      for (const piece of pieces) {
        const bytes = piece.kind === 'sent' ? Buffer.alloc(0) : putTogether(footage, { pieces: [piece] });
        await file.write(bytes, 0, bytes.length, at);
        at += piece.kind === 'sent' ? piece.sizeBytes : bytes.length;
      }
      await file.truncate(sizeBytes);
    } finally {
      await file.close();
    }
    const { streams, complaints } = await hashPackets(objectPath);
    expect(complaints).toBe('');
    expect(streams.map(relative)).toEqual(expected.map(relative));
    expect((await checkVideo(objectPath)).complaints).toBe('');
    await rm(objectPath);
  });
});
