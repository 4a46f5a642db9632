import type { StreamInfo } from '../../camera/index.js';

/** Sound that is recorded. */
export interface ChosenSound {
  /** Which of the audio tracks, in the order of the description, as FFmpeg counts them. */
  index: number;
  /** It goes into an MP4 as it is; else it is encoded, to this rate and number of channels. */
  isCopied: boolean;
  sampleRate: number;
  channels: 1 | 2;
}

export interface TrackChoice {
  videoIndex: number;
  videoCodec: string;
  sound: ChosenSound | null;
}

/** What was found out about a camera's tracks by trying them. */
export interface TrackTrials {
  /** Video tracks that were announced and gave nothing. */
  emptyVideos: ReadonlySet<number>;
  /** The camera does not let its sound be set up. */
  isSoundRefused: boolean;
}

/** Best first: a camera that offers MJPEG beside the others often offers it in name only. */
const VIDEO_CODECS = [
  ['h264', 'hevc'],
  ['mpeg4', 'mjpeg'],
];
/** What FFmpeg has both a depacketiser and a decoder for (libavformat/rtpdec.c). Another track would end it before the first picture. */
const SOUND_CODECS = new Set([
  'aac',
  'pcm_mulaw',
  'pcm_alaw',
  'pcm_s16be',
  'g726',
  'g722',
  'opus',
  'mp2',
  'amr',
  'amr-wb',
  'ac3',
  'vorbis',
  'ilbc',
]);
/** Rates of AAC (14496-3, table 1.18) that its encoder knows. */
const AAC_RATES = [7_350, 8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const DEFAULT_RATE = 8_000;
/** The description says 8000 for historical reasons (RFC 3551, 4.5.2). */
const G722_RATE = 16_000;

/**
 * The tracks of a stream to record: the best video that is not known to be empty, and the first sound that can be had.
 * @returns null when no video can be recorded
 */
export function chooseTracks(
  streams: readonly StreamInfo[],
  wantsSound: boolean,
  trials: TrackTrials,
): TrackChoice | null {
  const videos = rankVideos(streams);
  const video = videos.find(({ index }) => !trials.emptyVideos.has(index)) ?? videos[0];
  if (!video) return null;
  const sound = wantsSound && !trials.isSoundRefused ? chooseSound(streams) : null;
  return { videoIndex: video.index, videoCodec: video.codec, sound };
}

/** The next video track to try when one gives nothing, or null: all others were tried. */
export function hasOtherVideo(streams: readonly StreamInfo[], { emptyVideos }: TrackTrials): boolean {
  return rankVideos(streams).filter(({ index }) => !emptyVideos.has(index)).length > 1;
}

function rankVideos(streams: readonly StreamInfo[]): { index: number; codec: string }[] {
  const videos = streams.filter(({ kind }) => kind === 'video').map(({ codec }, index) => ({ codec, index }));
  return VIDEO_CODECS.flatMap((codecs) => videos.filter(({ codec }) => codecs.includes(codec)));
}

function chooseSound(streams: readonly StreamInfo[]): ChosenSound | null {
  const sounds = streams.filter(({ kind }) => kind === 'audio');
  const index = sounds.findIndex(({ codec, isBackChannel }) => !isBackChannel && SOUND_CODECS.has(codec));
  const sound = sounds[index];
  if (!sound) return null;
  const saidRate = sound.codec === 'g722' ? G722_RATE : (sound.sampleRate ?? DEFAULT_RATE);
  const sampleRate = AAC_RATES.reduce((best, rate) =>
    Math.abs(rate - saidRate) < Math.abs(best - saidRate) ? rate : best,
  );
  return { index, isCopied: sound.codec === 'aac', sampleRate, channels: (sound.channels ?? 1) > 1 ? 2 : 1 };
}
