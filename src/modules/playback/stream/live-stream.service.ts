import { Injectable } from '@nestjs/common';
import {
  beginWith,
  FootageReader,
  inRange,
  listLiveRuns,
  type LiveRun,
  openFragments,
  selectFootage,
  type StoredCapture,
} from '../../footage/index.js';
import { finalTargetSec, formatPlaylist, planTargetSec, type StreamBody } from '../../media/index.js';
import { liveElsewhere, notStreamable, nothingToWatchYet, segmentNotFound } from '../playback-errors.js';
import { type Playback, streamOf } from '../../../schema/playback.entity.js';

/** Streams a recording whose footage lies in the fragment log: while it is recorded, while it is stored, and when storing it failed. */
@Injectable()
export class LiveStream {
  constructor(private readonly footage: FootageReader) {}

  /**
   * @param query behind every address in it, empty or from `?` on
   * @throws AppError `PLAYBACK.NOT_READY`, `PLAYBACK.NOT_STREAMABLE`, `PLAYBACK.LIVE_ELSEWHERE`
   */
  async playlist(playback: Playback, query: string): Promise<string> {
    const runs = await this.runsOf(playback);
    const durationsMs = runs.flatMap(({ segments }) => segments.map(({ durationMs }) => durationMs));
    const targetSec = planTargetSec(durationsMs) ?? (isOver(playback) ? finalTargetSec(durationsMs) : null);
    if (targetSec === null || runs.length === 0) throw nothingYet(playback);
    return formatPlaylist({
      type: 'EVENT',
      isEnded: playback.recordingStatus === 'FAILED',
      targetSec,
      runs: runs.map(({ capture, segments }) => ({
        initUri: `init/${capture.captureId}.mp4${query}`,
        segments: segments.map(({ id, startAtMs, durationMs }) => ({
          uri: `segment/${id}.m4s${query}`,
          startAtMs,
          durationMs,
        })),
      })),
    });
  }

  /** @throws AppError `PLAYBACK.SEGMENT_NOT_FOUND`, `PLAYBACK.LIVE_ELSEWHERE` */
  async init(playback: Playback, name: string): Promise<Buffer> {
    const run = (await this.runsOf(playback)).find(({ capture }) => capture.captureId === name);
    if (!run) throw segmentNotFound();
    return run.capture.init.bytes;
  }

  /**
   * A segment that is, or could be, in the playlist: the rest of the log is not this playback's.
   * @throws AppError `PLAYBACK.SEGMENT_NOT_FOUND`, `PLAYBACK.LIVE_ELSEWHERE`
   */
  async segment(playback: Playback, id: string): Promise<StreamBody> {
    for (const { capture, segments } of await this.runsOf(playback)) {
      const segment = segments.find((each) => each.id === id);
      if (!segment) continue;
      const { sizeBytes, fragments } = segment;
      const open = async () => {
        const bytes = await openFragments(capture, fragments);
        if (!bytes) throw segmentNotFound();
        return bytes;
      };
      return { sizeBytes, open };
    }
    throw segmentNotFound();
  }

  private async runsOf(playback: Playback): Promise<LiveRun<StoredCapture>[]> {
    const { nodeId, footageNodes, rangeStartAt, rangeEndAt, firstFragment, recordingStatus } = playback;
    // Before that the footage of a warm camera is there already, but not where it begins.
    if (recordingStatus === 'PENDING' || playback.kind === 'export') return [];
    if (recordingStatus === 'FAILED' && playback.localPath === null) return [];
    const range = { startMs: rangeStartAt?.getTime() ?? Infinity, endMs: rangeEndAt?.getTime() ?? Infinity };
    const { captures, unseen } = await this.footage.read(
      streamOf(playback),
      footageNodes,
      inRange(range, firstFragment),
    );
    if (nodeId !== null && unseen.includes(nodeId)) throw liveElsewhere();
    const takes = beginWith(selectFootage(captures, range), firstFragment);
    if (takes.length === 0 && unseen.length > 0) throw liveElsewhere();
    return listLiveRuns(takes, isOver(playback));
  }
}

/** Whether no footage will be added. */
function isOver({ recordingStatus }: Playback): boolean {
  return recordingStatus === 'PROCESSING' || recordingStatus === 'FAILED';
}

function nothingYet(playback: Playback) {
  if (playback.kind === 'export' && playback.recordingStatus !== 'FAILED') return nothingToWatchYet();
  return isOver(playback) ? notStreamable(playback) : nothingToWatchYet();
}
