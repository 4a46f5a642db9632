import type { Clip } from '../clip/clip.js';
import type { SoundCodec } from '../clip/parameters.js';
import type { Oddities } from '../oddities/oddities.js';
import type { OnvifDevice, OnvifRequest } from './device.js';
import { SoapFault, findText } from './soap.js';

/** A stream as ONVIF shows it. */
export interface Profile {
  token: string;
  /** Name in the RTSP path. */
  stream: string;
  clip: Clip;
}

/** Token of a profile that has no configuration. */
export const EMPTY_PROFILE = 'empty';

/** A number of twenty digits is more than 64 bits hold, so that a reader that makes it a number spoils it. */
const DIGITS = 12345678901234567890n;

const TOKENS: Record<NonNullable<Oddities['onvifTokens']>, (index: number) => string> = {
  digits: (index) => String(DIGITS + BigInt(index)),
  decimal: (index) => `${index + 1}.0`,
  blanks: (index) => `Profile ${index + 1}`,
};

export function listProfiles({ streams, oddities: { onvifTokens } }: OnvifDevice): Profile[] {
  return [...streams].map(([stream, clip], index) => {
    const token = onvifTokens === null ? stream : TOKENS[onvifTokens](index);
    return { token, stream, clip };
  });
}

/** The profile that `ProfileToken` names. */
export function findProfile(device: OnvifDevice, { xml }: OnvifRequest): Profile {
  const wanted = findText(xml, 'ProfileToken') ?? '';
  const profile = listProfiles(device).find(({ token }) => token === wanted);
  if (!profile) throw new SoapFault(['InvalidArgVal', 'NoProfile'], 'The requested profile token does not exist');
  return profile;
}

/** The profiles' XML, with one that has no configuration where the camera has such a one. */
export function withEmptyProfile(profiles: string[], empty: string, { oddities }: OnvifDevice): string {
  const { onvifEmptyProfile: place } = oddities;
  return [...(place === 'first' ? [empty] : []), ...profiles, ...(place === 'last' ? [empty] : [])].join('');
}

/** Words of both media services for a codec, with its bit rate (kbit/s) and sample rate (kHz); ver10 has few words. */
export const SOUND_WORDS: Record<SoundCodec, { ver10?: string; ver20: string; bitrate: number; sampleRate: number }> = {
  aac: { ver10: 'AAC', ver20: 'MP4A-LATM', bitrate: 48, sampleRate: 32 },
  pcmu: { ver10: 'G711', ver20: 'PCMU', bitrate: 64, sampleRate: 8 },
  pcma: { ver10: 'G711', ver20: 'PCMA', bitrate: 64, sampleRate: 8 },
  g726: { ver10: 'G726', ver20: 'G726', bitrate: 32, sampleRate: 8 },
  g722: { ver20: 'G722', bitrate: 64, sampleRate: 16 },
  l16: { ver20: 'L16', bitrate: 256, sampleRate: 16 },
  opus: { ver20: 'OPUS', bitrate: 32, sampleRate: 48 },
};
