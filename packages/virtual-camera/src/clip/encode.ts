import { runFfmpeg } from '../ffmpeg.js';
import { cachedFile } from './cache.js';
import type { SoundCodec, VideoParameters } from './parameters.js';
import { loopSec } from './parameters.js';
import { drawFrames } from './picture.js';

export const AAC_SAMPLE_RATE = 32_000;
export const PCMU_SAMPLE_RATE = 8_000;

/** Path of the cached QuickTime file with the clip's video. */
export function encodeVideo(video: VideoParameters): Promise<string> {
  const { width, height, fps } = video;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', `${fps}`, '-i', 'pipe:0'];
  return cachedFile(video, 'mov', (path) =>
    runFfmpeg([...input, '-an', ...encoderArguments(video), '-f', 'mov', path], {
      input: drawFrames(width, height, fps, fps * loopSec(video)),
    }),
  );
}

/** Encoder settings: closed GOPs of one exact length, no scene cuts, so that the loop can be joined at any key frame. */
function encoderArguments(video: VideoParameters): string[] {
  const { codec, bitrateKbps, bFrames } = video;
  const gop = video.gopSec * video.fps;
  const rate = ['-b:v', `${bitrateKbps}k`, '-maxrate', `${bitrateKbps}k`, '-bufsize', `${bitrateKbps * 2}k`];
  const filler = video.constantBitrate ? ':nal-hrd=cbr' : '';
  const keyFrames = `keyint=${gop}:min-keyint=${gop}:scenecut=0:open-gop=0:bframes=${bFrames}:b-adapt=0`;
  switch (codec) {
    case 'h264':
      return [
        '-c:v',
        'libx264',
        '-preset',
        'veryfast',
        '-pix_fmt',
        'yuv420p',
        ...rate,
        '-x264-params',
        keyFrames + filler,
      ];
    case 'h265':
      return [
        ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...rate],
        ...['-x265-params', `${keyFrames}:log-level=error`],
      ];
    case 'mjpeg':
      // RFC 2435 does not carry Huffman tables: the encoder must use the standard ones.
      return [
        '-c:v',
        'mjpeg',
        '-huffman',
        'default',
        '-b:v',
        `${bitrateKbps}k`,
        '-pix_fmt',
        'yuvj420p',
        '-color_range',
        'pc',
      ];
  }
}

/** How each codec's sound is made: samples per second, and the arguments of encoder and container. */
const SOUND_ENCODERS: Record<SoundCodec, { rate: number; args: string[] }> = {
  aac: { rate: AAC_SAMPLE_RATE, args: ['-c:a', 'aac', '-b:a', '48k', '-f', 'adts'] },
  pcmu: { rate: PCMU_SAMPLE_RATE, args: ['-c:a', 'pcm_mulaw', '-f', 'mulaw'] },
  pcma: { rate: 8_000, args: ['-c:a', 'pcm_alaw', '-f', 'alaw'] },
  g722: { rate: 16_000, args: ['-c:a', 'g722', '-f', 'g722'] },
  // RTP packs its first sample into the lowest bits (RFC 3551, 4.5.4).
  g726: { rate: 8_000, args: ['-c:a', 'g726le', '-b:a', '32k', '-f', 'g726le'] },
  l16: { rate: 16_000, args: ['-c:a', 'pcm_s16be', '-f', 's16be'] },
  opus: { rate: 48_000, args: ['-c:a', 'libopus', '-b:a', '32k', '-frame_duration', '20', '-f', 'ogg'] },
};

/** Path of the cached beep, one per second: AAC in ADTS frames, Opus in Ogg, the others as bare bytes. */
export function encodeAudio(codec: SoundCodec, durationSec: number): Promise<string> {
  const { rate, args } = SOUND_ENCODERS[codec];
  // A little longer than the loop: the first frames of some encoders are silence that primes them, and are left out.
  const beep = `sine=frequency=220:beep_factor=4:sample_rate=${rate}:duration=${durationSec + 1}`;
  return cachedFile({ codec, durationSec }, codec, (path) =>
    runFfmpeg(['-f', 'lavfi', '-i', beep, '-ac', '1', ...args, path]),
  );
}

/** Path of the cached JPEG of a clip's first picture. */
export async function encodeSnapshot(video: VideoParameters): Promise<string> {
  const clip = await encodeVideo(video);
  return cachedFile({ snapshot: video }, 'jpg', (path) =>
    runFfmpeg(['-i', clip, '-frames:v', '1', '-pix_fmt', 'yuvj420p', '-q:v', '4', '-f', 'mjpeg', path]),
  );
}
