import type { FfmpegCapabilities } from './capabilities.js';

/** What is encoded, as ffprobe spells it. */
interface Video {
  videoCodec: string;
}

/** Video as it comes, into an MP4. */
export function videoArgs({ videoCodec }: Video): string[] {
  // Safari plays H.265 only under this tag: the parameter sets stand in the sample description.
  return ['-c:v', 'copy', ...(videoCodec === 'hevc' ? ['-tag:v', 'hvc1'] : [])];
}

/** What makes FFmpeg write fragments: one at each key frame, and those that `-frag_duration` asks for. */
export function movFlags({ videoCodec }: Video, { skipTrailer }: FfmpegCapabilities): string {
  // Every picture of MJPEG is a key frame: a fragment each would cost more than the pictures' order is worth.
  const atKeyFrames = videoCodec === 'mjpeg' ? '' : '+frag_keyframe';
  return `${atKeyFrames}+empty_moov+default_base_moof+frag_discont${skipTrailer ? '+skip_trailer' : ''}`;
}
