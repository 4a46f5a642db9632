import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { PlaybackUpload } from '../../../src/modules/delivery/playback-upload.js';
import type { SentPart } from '../../../src/modules/delivery/upload.repository.js';
import { takeOf } from '../mp4/hybrid/made-takes.js';
import { captureOf } from './captures.js';

const PART = 100;
const partsOf = (count: number): SentPart[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ number: index + 2, etag: `"${index}"`, sizeBytes: PART, sha256: String(index) },
  }));

describe('what is known of an upload', () => {
  it('puts what came early behind what was sent before', () => {
    const upload = new PlaybackUpload('p', PART);
    const [old, now] = [captureOf('old', [60, 60]), captureOf('now', [50])];
    upload.append(now, now.fragments[0]!);
    expect([upload.hasFullPart, upload.stream.sizeBytes]).toEqual([false, 0]);
    for (const fragment of old.fragments) upload.stream.append(old, fragment);
    upload.parts = partsOf(1);
    upload.restored();
    expect(upload.stream.entries.map(({ capture, streamOffset }) => [capture.captureId, streamOffset])).toEqual([
      ['old', 0],
      ['old', 60],
      ['now', 120],
    ]);
    expect(upload.progress).toEqual({ safeBytes: 100, pendingBytes: 70, atRiskBytes: 70 });
  });

  it('wakes the one that waits when a part is full, and at the end', async () => {
    const upload = new PlaybackUpload('p', PART);
    upload.restored();
    const capture = captureOf('a', [60, 60]);
    const ending = new AbortController();
    let woken = false;
    const waiting = upload.nextChange(ending.signal).then(() => (woken = true));
    upload.append(capture, capture.fragments[0]!);
    await delay(5);
    expect(woken).toBe(false);
    upload.append(capture, capture.fragments[1]!);
    await waiting;
    const last = upload.nextChange(ending.signal);
    ending.abort();
    await last;
    await upload.nextChange(ending.signal);
  });

  it('sends everything again that can be read when the store has lost it', () => {
    const upload = new PlaybackUpload('p', PART);
    const [ghost, seen] = [captureOf('ghost', [80], ''), captureOf('seen', [60, 60])];
    upload.restored();
    upload.append(ghost, ghost.fragments[0]!);
    for (const fragment of seen.fragments) upload.append(seen, fragment);
    Object.assign(upload, { parts: partsOf(2), target: {}, completing: {} });
    upload.startAgain();
    expect(upload.stream.entries.map(({ fragment, streamOffset }) => [fragment, streamOffset])).toEqual([
      [seen.fragments[0], 0],
      [seen.fragments[1], 60],
    ]);
    expect(upload).toMatchObject({ parts: [], target: null, completing: null, sentBytes: 0, hasFullPart: true });
  });

  const holding = (...sizes: number[]): PlaybackUpload => {
    const upload = new PlaybackUpload('p', PART);
    const capture = captureOf('a', sizes);
    upload.restored();
    for (const fragment of capture.fragments) upload.append(capture, fragment);
    return upload;
  };

  it('leaves what fills less than two parts to be sent with the head when the recording has ended', () => {
    const seen = [90, 110, 190, 210].map((bytes) => {
      const upload = holding(bytes);
      const before = upload.hasFullPart;
      upload.endedAtMs = 0;
      return [bytes, before, upload.hasFullPart];
    });
    expect(seen).toEqual([
      [90, false, false],
      [110, true, false],
      [190, true, false],
      [210, true, true],
    ]);
  });

  it.each([
    ['has hardly begun', { bytes: 110, forMs: 100 }, true],
    ['is half there, and there is little behind it', { bytes: 110, forMs: 500 }, true],
    ['is nearly there', { bytes: 110, forMs: 850 }, false],
    ['has hardly begun, and has nearly a part behind it', { bytes: 190, forMs: 50 }, false],
    ['is half there, and as much is behind it', { bytes: 150, forMs: 500 }, false],
    ['takes longer than the one before', { bytes: 110, forMs: 5_000 }, false],
    ['has two parts behind it', { bytes: 310, forMs: 100 }, false],
    ['is the first one, with little behind it', { bytes: 120, forMs: 5_000, tookMs: null }, true],
    ['is the first one, with more behind it', { bytes: 130, forMs: 0, tookMs: null }, false],
  ])('knows whether less is to be sent without the part on the wire: one that %s', (_name, wire, isBetter) => {
    const { bytes, forMs, tookMs = 1_000 } = wire as { bytes: number; forMs: number; tookMs?: number | null };
    const upload = holding(bytes);
    Object.assign(upload, { endedAtMs: 0, partTookMs: tookMs });
    expect(upload.isBetterGivenUp(forMs)).toBe(false);
    upload.onWireSinceMs = 10_000;
    expect(upload.isBetterGivenUp(10_000 + forMs)).toBe(isBetter);
  });

  it('keeps its place when the store has fewer parts and all can be read', () => {
    const upload = new PlaybackUpload('p', PART);
    const capture = captureOf('a', [60, 60, 60, 60]);
    upload.restored();
    for (const fragment of capture.fragments) upload.append(capture, fragment);
    upload.parts = partsOf(2);
    upload.keep(partsOf(1));
    expect(upload.stream.entries.map(({ streamOffset }) => streamOffset)).toEqual([0, 60, 120, 180]);
    expect(upload).toMatchObject({ sentBytes: 100, mayHaveMore: true, hasFullPart: true });
  });

  it('lets go of what was in a part alone that the store has not got, and moves up what follows', () => {
    const upload = new PlaybackUpload('p', PART);
    const [ghost, seen] = [captureOf('ghost', [60, 60, 60], ''), captureOf('seen', [60, 60])];
    upload.restored();
    for (const fragment of ghost.fragments) upload.append(ghost, fragment);
    for (const fragment of seen.fragments) upload.append(seen, fragment);
    upload.parts = partsOf(2);
    upload.keep(partsOf(1));
    expect(upload.stream.entries.map(({ capture, streamOffset }) => [capture.captureId, streamOffset])).toEqual([
      ['ghost', 0],
      ['seen', 100],
      ['seen', 160],
    ]);
  });

  it('has what was sent in the draft of its file, and no failures any more', () => {
    const upload = new PlaybackUpload('p', PART);
    const { capture, fragments, moofs } = takeOf('h264-aac', 0, { runsMs: 60_000 });
    const stored = { ...captureOf('a', []), ...capture };
    upload.restored();
    for (const [index, fragment] of fragments.entries()) upload.stream.append(stored, fragment, moofs[index]);
    upload.failures = 2;
    upload.sent(partsOf(1)[0]!);
    expect([upload.failures, upload.sentBytes]).toEqual([0, PART]);
    const blind = moofs.map((moof, index) => (index < moofs.length - 1 ? Buffer.alloc(0) : moof));
    expect(upload.draft.finish([{ capture: stored, fragments, moofs: blind }]).used).toHaveLength(fragments.length);
  });
});
