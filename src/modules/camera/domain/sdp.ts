import { parseH264Size, parseH265Size, type PictureSize } from '../../../mp4/bitstream/sequence-parameters.js';

/** One stream of a camera's feed; codecs are spelt as ffprobe spells them, or as the SDP does when they are unknown. */
export interface StreamInfo {
  kind: 'video' | 'audio';
  codec: string;
  width?: number;
  height?: number;
  fps?: number;
  sampleRate?: number;
  channels?: number;
  /** Sound that the camera plays, not sends: `a=sendonly` is said from the client's side (ONVIF Streaming Specification, 5.3). */
  isBackChannel?: true;
}

/** RTP encoding names, in lower case (https://www.iana.org/assignments/rtp-parameters). */
const CODECS: Record<string, string> = {
  h264: 'h264',
  h265: 'hevc',
  hevc: 'hevc',
  jpeg: 'mjpeg',
  'mp4v-es': 'mpeg4',
  'mpeg4-generic': 'aac',
  'mp4a-latm': 'aac',
  pcmu: 'pcm_mulaw',
  pcma: 'pcm_alaw',
  'g726-16': 'g726',
  'g726-24': 'g726',
  'g726-32': 'g726',
  'g726-40': 'g726',
  g722: 'g722',
  opus: 'opus',
  mpa: 'mp2',
  l16: 'pcm_s16be',
};
/** Payload types that need no `rtpmap` (RFC 3551, section 6). */
const STATIC: Record<string, string> = {
  '0': 'PCMU/8000',
  '8': 'PCMA/8000',
  '9': 'G722/8000',
  '14': 'MPA/90000',
  '26': 'JPEG/90000',
  '32': 'MPV/90000',
  '33': 'MP2T/90000',
  '34': 'H263/90000',
};

interface MediaSection {
  kind: string;
  payloadType: string;
  attributes: Map<string, string>;
  isSendOnly: boolean;
}

/** Lists the video and audio streams of a session description (RFC 8866); other media, such as ONVIF metadata, are left out. */
export function parseSdp(sdp: string): StreamInfo[] {
  const sections = splitMedia(sdp);
  // Some write it of what they send, as RFC 3264 has it: then of the video too.
  const isOwnView = sections.some(({ kind, isSendOnly }) => kind === 'video' && isSendOnly);
  return sections.flatMap((media): StreamInfo[] => {
    if (media.kind !== 'video' && media.kind !== 'audio') return [];
    const [name = '', rate, channels] = (
      media.attributes.get('rtpmap') ??
      STATIC[media.payloadType] ??
      'unknown'
    ).split('/');
    const codec = CODECS[name.toLowerCase()] ?? name.toLowerCase();
    return media.kind === 'video'
      ? [{ kind: 'video', codec, ...sizeOf(media, codec), ...frameRateOf(media) }]
      : [
          {
            kind: 'audio',
            codec,
            ...whole('sampleRate', rate),
            channels: Number(channels) || 1,
            ...wayOf(media, isOwnView),
          },
        ];
  });
}

function splitMedia(sdp: string): MediaSection[] {
  const sections: MediaSection[] = [];
  for (const line of sdp.split(/\r\n|\n|\r/)) {
    // Also one whose payload type is none, `(null)`: those behind it are counted as FFmpeg counts them.
    const media = /^m=(\w+)(?:\s+\S+\s+\S+\s+(\d+))?/.exec(line);
    if (media) {
      sections.push({ kind: media[1] ?? '', payloadType: media[2] ?? '', attributes: new Map(), isSendOnly: false });
    }
    const current = sections.at(-1);
    if (current && /^a=sendonly\s*$/i.test(line)) current.isSendOnly = true;
    const attribute = /^a=([\w-]+):(.*)$/.exec(line);
    const section = sections.at(-1);
    if (attribute && section) addAttribute(section, attribute[1] ?? '', attribute[2]?.trim() ?? '');
  }
  return sections;
}

/** `rtpmap`, `fmtp` and `framesize` name a payload type: only the one of the `m=` line counts. */
function addAttribute(section: MediaSection, name: string, value: string): void {
  const [payloadType = '', ...rest] = value.split(/[ \t]+/);
  const perType = ['rtpmap', 'fmtp', 'framesize'].includes(name);
  if (perType && payloadType !== section.payloadType) return;
  section.attributes.set(name, perType ? rest.join(' ') : value);
}

function sizeOf(media: MediaSection, codec: string): PictureSize | Record<string, never> {
  const fmtp = media.attributes.get('fmtp') ?? '';
  const parameter = (name: string) =>
    Buffer.from(new RegExp(`${name}=([^;,\\s]+)`, 'i').exec(fmtp)?.[1] ?? '', 'base64');
  if (codec === 'h264') return parseH264Size(parameter('sprop-parameter-sets')) ?? {};
  if (codec === 'hevc') return parseH265Size(parameter('sprop-sps')) ?? {};
  const text = media.attributes.get('x-dimensions') ?? media.attributes.get('framesize') ?? '';
  const size = /^(\d{1,5})\s*[,-]\s*(\d{1,5})$/.exec(text);
  return size ? { width: Number(size[1]), height: Number(size[2]) } : {};
}

function wayOf({ isSendOnly }: MediaSection, isOwnView: boolean): Pick<StreamInfo, 'isBackChannel'> {
  return isSendOnly && !isOwnView ? { isBackChannel: true } : {};
}

function frameRateOf(media: MediaSection): { fps?: number } {
  const fps = Number(media.attributes.get('framerate') ?? media.attributes.get('x-framerate'));
  return fps > 0 && fps <= 1000 ? { fps } : {};
}

function whole<K extends string>(key: K, text: string | undefined): Partial<Record<K, number>> {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? ({ [key]: value } as Partial<Record<K, number>>) : {};
}
