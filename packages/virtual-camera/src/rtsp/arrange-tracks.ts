import type { Clip } from '../clip/clip.js';
import type { Oddities } from '../oddities/oddities.js';
import type { Track } from '../rtp/track.js';

type SilentTrack = Pick<Track, 'kind' | 'payloadType' | 'attributes'> & Partial<Pick<Track, 'media'>>;

const BACK_CHANNEL: SilentTrack = { kind: 'audio', payloadType: 0, attributes: ['rtpmap:0 PCMU/8000', 'sendonly'] };

const EMPTY_VIDEO: Record<NonNullable<Oddities['emptyVideo']>, SilentTrack> = {
  jpeg: { kind: 'video', payloadType: 26, attributes: ['rtpmap:26 JPEG/90000'] },
  h264: { kind: 'video', payloadType: 105, attributes: ['rtpmap:105 H264/90000', 'fmtp:105 packetization-mode=1'] },
  h265: { kind: 'video', payloadType: 106, attributes: ['rtpmap:106 H265/90000'] },
};

const DATA_TRACKS: Record<NonNullable<Oddities['dataTrack']>, SilentTrack> = {
  onvif: { kind: 'application', payloadType: 107, attributes: ['rtpmap:107 vnd.onvif.metadata/90000', 'recvonly'] },
  metadata: { kind: 'metadata', payloadType: 107, attributes: ['rtpmap:107 vnd.onvif.metadata/90000'] },
  'no-rtpmap': { kind: 'application', payloadType: 107, attributes: [] },
  // As in androidx/media#1472.
  'tp-link': {
    ...{ kind: 'application', payloadType: 95, media: 'application/TP-LINK 0 RTP/AVP smart/1/90000' },
    attributes: ['rtpmap:95 TP-LINK/90000'],
  },
  null: { kind: 'application', payloadType: 107, attributes: ['rtpmap:107 (null)/0'] },
};

/** The tracks that a camera announces, in the order of its SDP; one that carries nothing has no units. */
export function arrangeTracks(clip: Pick<Clip, 'tracks' | 'staleSets'>, oddities: Readonly<Oddities>): Track[] {
  const { backChannel, emptyVideo, dataTrack, soundFirstInSdp } = oddities;
  const videos = clip.tracks
    .filter(({ kind }) => kind === 'video')
    .map((track) => describeVideo(track, clip, oddities));
  if (emptyVideo) videos.unshift(silent(EMPTY_VIDEO[emptyVideo]));
  const sounds = clip.tracks.filter(({ kind }) => kind === 'audio');
  if (backChannel === 'middle') sounds.unshift(silent(BACK_CHANNEL));
  if (backChannel === 'last') sounds.push(silent(BACK_CHANNEL));
  const tracks = soundFirstInSdp ? [...sounds, ...videos] : [...videos, ...sounds];
  if (backChannel === 'first') tracks.unshift(silent(BACK_CHANNEL));
  if (dataTrack) tracks.push(silent(DATA_TRACKS[dataTrack]));
  return tracks;
}

function silent(track: SilentTrack): Track {
  return { clockRate: 90_000, loopTicks: 0, units: [], ...track };
}

/** What the camera says of its pictures; the packets are those of `track`. */
function describeVideo(track: Track, clip: Pick<Clip, 'staleSets'>, oddities: Readonly<Oddities>): Track {
  const payloadType = oddities.videoPayloadType ?? track.payloadType;
  const sets = oddities.parameterSets === 'stale' ? clip.staleSets : undefined;
  const attributes = track.attributes
    .map((attribute) => (attribute.startsWith('fmtp:') && sets ? sets : attribute))
    .map((attribute) => (oddities.parameterSets === 'in-band' ? dropParameterSets(attribute) : attribute))
    .filter((attribute) => !/^fmtp:\d+ *$/.test(attribute))
    .map((attribute) => attribute.replace(/^(rtpmap|fmtp):\d+/, `$1:${payloadType}`));
  return { ...track, payloadType, attributes };
}

function dropParameterSets(attribute: string): string {
  if (!attribute.startsWith('fmtp:')) return attribute;
  const [name = '', parameters = ''] = attribute.split(/ (.*)/);
  const kept = parameters.split(';').filter((parameter) => !/^(sprop-|profile-level-id)/.test(parameter));
  return `${name} ${kept.join(';')}`;
}
