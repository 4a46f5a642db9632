import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { StoredFragment } from '../../src/modules/footage/domain/footage.js';
import { readFragmentExtent, shiftFragment } from '../../src/mp4/fragment.js';
import { formatSegmentName } from '../../src/modules/footage/domain/segment-name.js';
import { segmentId } from '../../src/modules/footage/domain/stream-segments.js';
import {
  type CaptureMeta,
  formatCaptureId,
  type StoredCapture,
} from '../../src/modules/footage/capture-files.store.js';
import type { Recording } from './recordings.js';
import { readStoredCapture } from './stored-capture.js';

const SEGMENT_MS = 10_000;

interface Fragment {
  moof: Buffer;
  mdat: Buffer;
}

export interface LongFootage {
  recordDir: string;
  database: pg.Pool;
  recording: Recording;
  lengthSec: number;
}

/**
 * Makes a recording that the service has begun, and that its kill has interrupted, look as if it had begun `lengthSec` earlier: whole GOPs of
 * what the camera sent are repeated in front of it, with their times moved on. The service must not be running.
 * @returns bytes of footage in the log from then on
 */
export async function prolong({ recordDir, database, recording, lengthSec }: LongFootage): Promise<number> {
  const cameraDir = join(recordDir, 'cameras', recording.cameraId);
  const [name = ''] = await readdir(cameraDir);
  const capture = await readStoredCapture(join(cameraDir, name));
  const gops = wholeGops(capture);
  const fragments = await readFragments(capture, gops);
  const extents = fragments.map(({ moof }) => readFragmentExtent(moof, capture.init));
  const loopMs = Math.ceil(
    Math.max(...extents.map(({ endMs }) => endMs)) - Math.min(...extents.map(({ startMs }) => startMs)),
  );
  const rounds = Math.ceil((lengthSec * 1_000) / loopMs);
  // It ends where the camera's own footage begins.
  const epochMs = capture.epochMs + capture.fragments[0]!.startMs - gops[0]!.startMs - rounds * loopMs;
  const captureId = formatCaptureId(Math.round(epochMs), 'prolonged');
  const dir = join(cameraDir, captureId);
  await writeCapture(dir, capture, { captureId, epochMs, endedAtMs: capture.epochMs });
  await writeRounds(dir, { capture, fragments, loopMs, rounds });
  await database.query('UPDATE playbacks SET range_start_at = $2, started_at = $2, first_fragment = $3 WHERE id = $1', [
    recording.playbackId,
    new Date(epochMs + gops[0]!.startMs),
    segmentId(captureId, gops[0]!),
  ]);
  return rounds * sizeOf(gops) + sizeOf(capture.fragments);
}

/** From the first key frame up to the last one. */
function wholeGops({ fragments }: StoredCapture): StoredFragment[] {
  const first = fragments.findIndex(({ isSync }) => isSync);
  const last = fragments.findLastIndex(({ isSync }) => isSync);
  if (last <= first) throw new Error('the camera has sent no whole GOP yet');
  return fragments.slice(first, last);
}

async function readFragments({ dir }: StoredCapture, wanted: readonly StoredFragment[]): Promise<Fragment[]> {
  const fragments: Fragment[] = [];
  for (const { segment, offset, moofBytes, sizeBytes } of wanted) {
    const bytes = Buffer.alloc(sizeBytes);
    const file = await open(join(dir, segment), 'r');
    await file.read(bytes, 0, sizeBytes, offset);
    await file.close();
    fragments.push({ moof: bytes.subarray(0, moofBytes), mdat: bytes.subarray(moofBytes) });
  }
  return fragments;
}

async function writeCapture(
  dir: string,
  { cameraId, init }: StoredCapture,
  times: Pick<CaptureMeta, 'captureId' | 'epochMs' | 'endedAtMs'>,
): Promise<void> {
  await mkdir(dir);
  await writeFile(join(dir, 'init.mp4'), init.bytes);
  const meta: CaptureMeta = { ...times, cameraId, anchors: [], endCause: null };
  await writeFile(join(dir, 'capture.json'), JSON.stringify(meta));
}

async function writeRounds(
  dir: string,
  footage: { capture: StoredCapture; fragments: readonly Fragment[]; loopMs: number; rounds: number },
): Promise<void> {
  const { capture, fragments, loopMs, rounds } = footage;
  const perSegment = Math.max(1, Math.floor(SEGMENT_MS / loopMs));
  for (let from = 0, number = 1; from < rounds; from += perSegment, number += 1) {
    const pieces: Buffer[] = [];
    for (let round = from; round < Math.min(rounds, from + perSegment); round += 1) {
      for (const { moof, mdat } of fragments) {
        const moved = Buffer.from(moof);
        shiftFragment(moved, capture.init, round * loopMs);
        pieces.push(moved, mdat);
      }
    }
    await writeFile(join(dir, formatSegmentName(number, 9, 'm4s')), Buffer.concat(pieces));
  }
}

function sizeOf(fragments: readonly StoredFragment[]): number {
  return fragments.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
