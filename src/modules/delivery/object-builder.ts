import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { messageOf } from '../../common/errors.js';
import type { StreamIndex } from '../../schema/stream-index.js';
import type { ByteRange } from '../storage/index.js';
import type { Gop } from '../../ffmpeg/domain/ffprobe-output.js';
import { indexRun, type StoredCapture, type StoredFragment, type Take } from '../footage/index.js';
import { type ObjectPlan, planObject } from '../../mp4/hybrid/object-layout.js';
import { MOST_AT_ONCE } from '../../mp4/hybrid/movie-draft.js';
import type { MovieTake } from '../../mp4/hybrid/timeline.js';
import type { PlaybackUpload } from './playback-upload.js';
import { FragmentFiles } from './stream-bytes.store.js';

/** A fragment that is in the finished file. */
export interface UsedFragment {
  capture: StoredCapture;
  fragment: StoredFragment;
  take: Take<StoredCapture>;
}

interface PlacedFragment extends UsedFragment {
  /** In the object. */
  offset: number;
}

/** A finished file, as it will lie in the store, and what is known of it already. */
export interface BuiltObject {
  plan: ObjectPlan;
  /** In the order of the plan's indexes. */
  fragments: UsedFragment[];
  stream: StreamIndex;
  gop: Gop;
  /** What ffprobe must see of it: the head, and the first pictures. */
  ranges: ByteRange[];
}

/** Footage that our own code makes no object of, whatever the reason; FFmpeg may read it all the same. */
export class UnreadableFootage extends Error {
  override readonly name = 'UnreadableFootage';

  constructor(cause: unknown) {
    super(`the footage cannot be laid out as it is: ${messageOf(cause)}`, { cause });
  }
}

/** How much of the first fragment ffprobe gets to see: a key frame is far smaller. */
const FIRST_MEDIA_BYTES = 1 << 20;

/** Plans the object of a recording around what of it is in the store already. */
@Injectable()
export class ObjectBuilder {
  /**
   * @param takes of one configuration
   * @throws UnreadableFootage on footage that is damaged, or not as we think footage is; what the disk says
   */
  async build(takes: readonly Take<StoredCapture>[], upload: PlaybackUpload): Promise<BuiltObject> {
    const read = await readMoofs(takes, upload);
    // Mostly nothing is left to follow; after a restart, or an attempt that failed, much is, and everything else must not wait for it.
    const count = read.reduce((sum, { fragments }) => sum + fragments.length, 0);
    for (let followed = 0; followed < count; followed += MOST_AT_ONCE) {
      upload.draft.follow(read);
      await setImmediate();
    }
    try {
      return layOut(takes, upload, read);
    } catch (error) {
      throw new UnreadableFootage(error);
    }
  }
}

/** Nothing here waits for anything: what goes wrong is in the footage, or in how it is read. */
function layOut(takes: readonly Take<StoredCapture>[], upload: PlaybackUpload, read: MovieTake[]): BuiltObject {
  const { movie, used } = upload.draft.finish(read);
  const fragments = used.map(({ take: number, index }): UsedFragment => {
    const take = takes[number]!;
    return { take, capture: take.capture, fragment: take.fragments[index]! };
  });
  const { sentBytes, partSizeBytes, stream } = upload;
  const layout = fragments.map(({ capture, fragment }) => {
    const { streamOffset = null, silence } = stream.find(capture, fragment) ?? {};
    return { sizeBytes: fragment.sizeBytes, streamOffset, silentBefore: silence !== undefined && silence.length > 0 };
  });
  const plan = planObject(movie, layout, sentBytes > 0 ? { partSizeBytes, bytes: sentBytes } : null);
  return {
    plan,
    fragments,
    stream: indexOf(
      takes,
      fragments.map((used, index) => ({ ...used, offset: plan.offsets[index]! })),
    ),
    gop: movie.keyFrames,
    ranges: probedRanges(plan, fragments),
  };
}

/** What went up already has told its tables; the rest is read from the disk. */
async function readMoofs(takes: readonly Take<StoredCapture>[], { stream }: PlaybackUpload): Promise<MovieTake[]> {
  const files = new FragmentFiles();
  try {
    const read: MovieTake[] = [];
    for (const { capture, fragments } of takes) {
      const moofs: Buffer[] = [];
      for (const fragment of fragments) {
        moofs.push(stream.find(capture, fragment)?.moof ?? (await files.readMoof(capture, fragment)));
      }
      read.push({ capture, fragments, moofs });
    }
    return read;
  } finally {
    await files.close();
  }
}

function indexOf(takes: readonly Take<StoredCapture>[], used: readonly PlacedFragment[]): StreamIndex {
  const runs = takes.map((take, init) => {
    const own = used.filter((each) => each.take === take);
    const offsets = own.map(({ offset }) => offset);
    return indexRun({ ...take, fragments: own.map(({ fragment }) => fragment) }, init, offsets);
  });
  return { inits: takes.map(({ capture }) => capture.init.bytes.toString('base64')), runs };
}

function probedRanges(
  { headBytes, offsets, sizeBytes, faststart }: ObjectPlan,
  [first]: readonly UsedFragment[],
): ByteRange[] {
  const start = offsets[0]!;
  const media = { start, end: start + Math.min(FIRST_MEDIA_BYTES, first!.fragment.sizeBytes) - 1 };
  const head = { start: 0, end: Math.min(sizeBytes, headBytes) - 1 };
  return faststart ? [head, media] : [head, media, { start: sizeBytes - headBytes, end: sizeBytes - 1 }];
}
