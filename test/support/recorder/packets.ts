import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findReader, passthroughArguments } from '@hindsight/virtual-camera/ffmpeg';

const run = promisify(execFile);

/** One line of FFmpeg's `framemd5`; times in ticks of the stream. */
export interface HashedPacket {
  dts: number;
  pts: number;
  durationTicks: number;
  sizeBytes: number;
  md5: string;
}

export interface HashedStream {
  ticksPerSec: number;
  packets: HashedPacket[];
}

/** The packets of each stream as they are in the file, in order of decoding, and what FFmpeg says of the file. */
export async function hashPackets(path: string): Promise<{ streams: HashedStream[]; complaints: string }> {
  return hash(['-i', path, '-map', '0', '-c', 'copy', '-copyts']);
}

/** Packets in order of decoding; times from the first packet of the stream on. */
export function relative({ packets }: HashedStream) {
  const [first] = packets;
  return packets.map(({ dts, pts, sizeBytes, md5 }) => ({
    ...{ dts: dts - first!.dts, pts: pts - first!.pts, sizeBytes, md5 },
  }));
}

/** Decoded pictures from a time on. */
export async function hashPictures(path: string, fromSec = 0, count = Infinity): Promise<HashedPacket[]> {
  const seek = fromSec > 0 ? ['-ss', String(fromSec)] : [];
  const limit = count < Infinity ? ['-frames:v', String(count)] : [];
  const timed = ['-copyts', ...passthroughArguments(findReader()), '-enc_time_base', '-1'];
  const { streams, complaints } = await hash([...seek, '-i', path, '-map', '0:v', ...timed, ...limit]);
  if (complaints !== '') throw new Error(complaints);
  return streams[0]!.packets;
}

async function hash(args: readonly string[]): Promise<{ streams: HashedStream[]; complaints: string }> {
  const { stdout, stderr } = await run(findReader(), ['-v', 'warning', ...args, '-f', 'framemd5', '-'], {
    maxBuffer: 1 << 28,
  });
  const streams: HashedStream[] = [];
  for (const line of stdout.split('\n')) {
    const timeBase = /^#tb (\d+): 1\/(\d+)$/.exec(line);
    if (timeBase) streams[Number(timeBase[1])] = { ticksPerSec: Number(timeBase[2]), packets: [] };
    const fields = line.split(',').map((field) => field.trim());
    if (line.startsWith('#') || fields.length < 6) continue;
    const [stream, dts, pts, durationTicks, sizeBytes] = fields.map(Number);
    streams[stream!]!.packets.push({
      ...{ dts: dts!, pts: pts!, durationTicks: durationTicks!, sizeBytes: sizeBytes!, md5: fields[5]! },
    });
  }
  return { streams, complaints: stderr };
}
