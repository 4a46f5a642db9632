import type { Track } from '../rtp/track.js';

/** Session description (RFC 4566) of a stream; the n-th track is controlled as `trackID=n`. */
export function buildSdp(streamName: string, address: string, tracks: readonly Track[]): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const session = [
    'v=0',
    `o=- 1 1 IN ${family} ${address}`,
    `s=${streamName}`,
    `c=IN ${family} ${family === 'IP6' ? '::' : '0.0.0.0'}`,
    't=0 0',
    'a=control:*',
    'a=range:npt=now-',
  ];
  const media = tracks.flatMap((track, index) => [
    `m=${track.media ?? `${track.kind} 0 RTP/AVP ${track.payloadType}`}`,
    ...track.attributes.map((attribute) => `a=${attribute}`),
    `a=control:trackID=${index}`,
  ]);
  return [...session, ...media, ''].join('\r\n');
}
