import type { Oddities, VirtualCameraOptions } from '@hindsight/virtual-camera';
import { secret } from '../../../support/secrets.js';
import { camera, type FieldCase } from '../support/field-case.js';

const LOGIN = { username: 'admin', password: secret('field-table-password') };

const recorded = (name: string, odd: Partial<Oddities>, options: VirtualCameraOptions = {}): FieldCase => ({
  name,
  camera: camera(odd, { audio: 'aac', ...options }),
  eventSec: 7,
  expected: { sound: true },
});

const byOnvif = (name: string, odd: Partial<Oddities>): FieldCase => ({
  ...recorded(`F12: ${name}`, odd, LOGIN),
  by: 'onvif',
});

/** How a camera describes itself and asks for a login. */
export const FORM_CASES: FieldCase[] = [
  recorded('F4: an empty password', {}, { username: 'admin', password: '' }),
  {
    ...recorded('F4: an empty password in the address', {}, { username: 'admin', password: '' }),
    by: 'login-in-url',
  },
  {
    ...recorded('F-odd: two sizes in one session', { otherSize: '640x360', otherSizeEverySec: 4 }),
    eventSec: 12,
    expected: { sound: true, assembly: 're_encoded', resolution: '640x360' },
  },
  ...(['jpeg', 'h264'] as const).map((emptyVideo): FieldCase => {
    const each = recorded(`F-odd: a track of ${emptyVideo} that carries nothing, before H.264`, { emptyVideo });
    return { ...each, eventSec: 20, expected: { ...each.expected, severalSessions: true } };
  }),
  {
    ...recorded('F-odd: parameter sets in the SDP are of another size', { parameterSets: 'stale' }),
    expected: { sound: true, assembly: 'copied', resolution: '320x180' },
  },
  recorded('F-pass: no parameter sets in the SDP', { parameterSets: 'in-band' }),
  recorded('F-pass: sound first, control URLs in full', { soundFirstInSdp: true, sdpForm: ['control-absolute'] }),
  recorded('F-pass: LF lines, lower case, a blank at the end', { sdpForm: ['lf', 'lower-case', 'trailing-blank'] }),
  recorded('F-pass: no control URLs', { sdpForm: ['control-none'] }),
  recorded('F-pass: SDP that begins at m=, payload type 35', { sdpForm: ['media-only'], videoPayloadType: 35 }),
  ...(['onvif', 'metadata', 'no-rtpmap', 'tp-link', 'null'] as const).map((dataTrack) =>
    recorded(`F-pass: a ${dataTrack} track`, { dataTrack, backChannel: 'last' }),
  ),
  recorded('F-pass: Basic only', {}, { ...LOGIN, authSchemes: ['basic'] }),
  recorded(
    'F-pass: Basic and Digest, qop',
    { digestQop: 'auth,auth-int' },
    { ...LOGIN, authSchemes: ['basic', 'digest'] },
  ),
  recorded('F-pass: MD5 after SHA-256', { digests: 'sha-256,md5' }, LOGIN),
  recorded('F-pass: a realm in UTF-8', { realm: 'Caméra 摄像机' }, LOGIN),
  recorded('F-pass: a login at SETUP only', { loginFrom: 'setup' }, LOGIN),
  byOnvif('a profile without configurations comes first', { onvifEmptyProfile: 'first' }),
  byOnvif('a profile without configurations, ver20 only', { onvifEmptyProfile: 'last', onvifMedia: '2' }),
  byOnvif('GetServices does not name the media service', { onvifMediaHidden: true }),
  byOnvif('media services on a port of their own', { onvifMediaElsewhere: true }),
  byOnvif('line breaks around the address', { onvifUri: 'line-breaks' }),
  byOnvif('a blank in the path', { onvifUri: 'blank' }),
  byOnvif('tokens of twenty digits', { onvifTokens: 'digits' }),
  byOnvif('tokens that are decimal numbers', { onvifTokens: 'decimal' }),
  byOnvif('a realm in Latin-1, HTTP Digest only', {
    realm: 'Caméra',
    realmCharset: 'latin-1',
    onvifLogin: 'digest',
    loginFrom: 'play',
  }),
  byOnvif('a realm in UTF-8, HTTP Digest only', { realm: 'Caméra', onvifLogin: 'digest' }),
  byOnvif('local time only, eight hours ahead, tokens only', { onvifLocalTimeHours: 8, onvifLogin: 'token' }),
];
