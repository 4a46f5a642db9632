import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Take } from '../../../src/modules/footage/domain/footage.js';
import type { Movie } from '../../../src/mp4/hybrid/movie.js';
import { MovieDraft } from '../../../src/mp4/hybrid/movie-draft.js';
import {
  buildSilentBox,
  type LayoutFragment,
  type ObjectPlan,
  planObject,
} from '../../../src/mp4/hybrid/object-layout.js';
import { SilenceFiller } from '../../../src/mp4/silence.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { streamFragments } from '../../../src/modules/footage/fragment-stream.store.js';

export interface Footage {
  movie: Movie;
  layout: LayoutFragment[];
  /** Each fragment as it lies in the log, and all of them as they go up while recording, each behind a silent frame. */
  stored: Buffer[];
  stream: Buffer;
}

export async function readFootage(takes: readonly Take<StoredCapture>[]): Promise<Footage> {
  const read = await Promise.all(takes.map(readTake));
  const layout: LayoutFragment[] = [];
  const stored: Buffer[] = [];
  const { frame } = new SilenceFiller(takes[0]!.capture.init);
  const silent = frame ? buildSilentBox(frame) : Buffer.alloc(0);
  const stream: Buffer[] = [];
  const starts = read.map((take) =>
    take.map((bytes) => {
      stream.push(silent, bytes);
      return sum(stream) - bytes.length;
    }),
  );
  const { movie, used } = new MovieDraft().finish(
    takes.map((take, index) => ({
      ...{ capture: take.capture, fragments: take.fragments },
      moofs: read[index]!.map((bytes, at) => bytes.subarray(0, take.fragments[at]!.moofBytes)),
    })),
  );
  for (const { take, index } of used) {
    const bytes = read[take]![index]!;
    layout.push({
      ...{ sizeBytes: bytes.length, streamOffset: starts[take]![index]! },
      silentBefore: silent.length > 0,
    });
    stored.push(bytes);
  }
  return { movie, layout, stored, stream: Buffer.concat(stream) };
}

function sum(buffers: readonly Buffer[]): number {
  return buffers.reduce((bytes, { length }) => bytes + length, 0);
}

async function readTake({ capture: { dir }, fragments }: Take<StoredCapture>): Promise<Buffer[]> {
  const names = new Set(fragments.map(({ segment }) => segment));
  const segments = new Map<string, Buffer>();
  for (const name of names) segments.set(name, await readFile(join(dir, name)));
  return fragments.map(({ segment, offset, sizeBytes }) => segments.get(segment)!.subarray(offset, offset + sizeBytes));
}

/** The object as the store would hold it. */
export function putTogether({ stored, stream }: Footage, { pieces }: Pick<ObjectPlan, 'pieces'>): Buffer {
  return Buffer.concat(
    pieces.map((piece) => {
      switch (piece.kind) {
        case 'bytes':
          return piece.bytes;
        case 'fragment':
          return stored[piece.index]!.subarray(piece.from, piece.to);
        case 'sent':
          return stream.subarray(0, piece.sizeBytes);
      }
    }),
  );
}

export async function writeObject(
  path: string,
  footage: Footage,
  sent: { partSizeBytes: number; bytes: number } | null,
): Promise<ObjectPlan> {
  const plan = planObject(footage.movie, footage.layout, sent);
  await writeFile(path, putTogether(footage, plan));
  return plan;
}

/** The fragmented MP4 that FFmpeg would copy. */
export async function writeStream(path: string, takes: readonly Take<StoredCapture>[]): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const bytes of streamFragments(takes)) await file.write(bytes);
  } finally {
    await file.close();
  }
}
