import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseSegmentTail, TAIL_END_BYTES, tailBytesOf } from '../../../src/modules/footage/domain/segment-file.js';
import { sortSegments } from '../../../src/modules/footage/domain/segment-name.js';
import { FFPROBE } from '../../support/ffprobe.js';
import { readMovie } from '../../support/mp4box-reader.js';
import { FragmentLogRig, T } from './fragment-log-rig.js';

const run = promisify(execFile);

/** What FFmpeg counts and complains of. */
async function play(path: string) {
  const entries = ['-show_entries', 'stream=codec_type,nb_read_packets', '-of', 'json', path];
  const { stdout } = await run(FFPROBE, ['-v', 'error', '-count_packets', ...entries]);
  const { streams } = JSON.parse(stdout) as { streams: { codec_type: string; nb_read_packets: string }[] };
  const { stderr } = await run(findFfmpeg(), ['-v', 'warning', '-i', path, '-f', 'null', '-']);
  return { packets: streams.map((stream) => [stream.codec_type, Number(stream.nb_read_packets)]), stderr };
}

describe('the segments of a log', () => {
  let rig: FragmentLogRig;
  beforeEach(async () => {
    rig = await FragmentLogRig.open();
  });
  afterEach(() => rig.close());

  it('are files that FFmpeg and mp4box play, each by itself, and that say all the log knows of them', async () => {
    const writer = await rig.write();
    await writer.close(T + 4_000, null);
    const { fragments, dir, captureId, epochMs } = await rig.stored(writer);
    const segments = sortSegments(await readdir(dir));
    expect(segments).toHaveLength(2);
    for (const [index, segment] of segments.entries()) {
      const inIt = fragments.filter((fragment) => fragment.segment === segment);
      const frames = inIt.reduce((sum, fragment) => sum + fragment.frames, 0);
      const bytes = await readFile(join(dir, segment));
      const { packets, stderr } = await play(join(dir, segment));
      expect(stderr).toBe('');
      expect(packets).toContainEqual(['video', frames]);
      const { tracks, isFragmented, boxes } = readMovie(bytes);
      expect(isFragmented).toBe(true);
      expect(tracks.map(({ samples }) => samples.length)).toEqual(packets.map(([, count]) => count));
      expect(boxes.map(({ type }) => type)).toEqual([
        ...['ftyp', 'moov', 'uuid'],
        ...inIt.flatMap(() => ['free', 'moof', 'mdat']),
        'uuid',
      ]);
      const tailBytes = tailBytesOf(bytes.subarray(-TAIL_END_BYTES), bytes.length)!;
      const { owner, clock, entries } = parseSegmentTail(bytes.subarray(-tailBytes));
      expect(owner).toEqual({ cameraId: 'cam', stream: 'main', captureId, number: index + 1 });
      expect(clock).toMatchObject({ epochMs });
      expect(entries.map(({ fragment }) => ({ ...fragment, segment }))).toEqual(inIt);
      for (const { fragment, moof } of entries) {
        expect(bytes.subarray(fragment.offset, fragment.offset + fragment.moofBytes).equals(moof)).toBe(true);
      }
    }
  });
});
