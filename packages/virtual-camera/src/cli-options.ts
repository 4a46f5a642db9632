import { parseArgs } from 'node:util';
import type { VirtualCameraOptions } from './options.js';
import { planStreams } from './options.js';
import type { AudioCodec } from './clip/parameters.js';
import { AUDIO_CODECS, checkVideoParameters } from './clip/parameters.js';
import { readOddities } from './oddities/check-oddities.js';
import { CAMERA_PROFILES, isCameraProfile } from './profiles.js';

const MAX_CAMERAS = 500;

const OPTIONS = {
  profile: { type: 'string', default: 'h264-aac' },
  audio: { type: 'string' },
  gop: { type: 'string' },
  odd: { type: 'string', multiple: true },
  bitrate: { type: 'string' },
  count: { type: 'string', default: '1' },
  host: { type: 'string', default: '127.0.0.1' },
  'rtsp-port': { type: 'string', default: '8554' },
  'onvif-port': { type: 'string', default: '8080' },
  'control-port': { type: 'string' },
  'control-host': { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  'onvif-username': { type: 'string' },
  'onvif-password': { type: 'string' },
  auth: { type: 'string', default: 'digest' },
  'max-sessions': { type: 'string' },
  instant: { type: 'boolean', default: false },
  discovery: { type: 'boolean', default: false },
  'stream-uri-host': { type: 'string' },
  'clock-skew': { type: 'string' },
  'strict-auth': { type: 'boolean', default: false },
  name: { type: 'string', default: 'Virtual Camera' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Something that the user typed is wrong; the message says what. */
export class UsageError extends Error {}

/** The options of each camera to start, or `help`; throws UsageError. */
export function parseCommandLine(args: readonly string[]): VirtualCameraOptions[] | 'help' {
  const values = parseValues(args);
  if (values.help) return 'help';
  const { profile, host, discovery, name } = values;
  if (!isCameraProfile(profile))
    throw new UsageError(`--profile must be one of ${Object.keys(CAMERA_PROFILES).join(', ')}`);
  if (values.username !== undefined && values.password === undefined)
    throw new UsageError('--username needs --password');
  const count = parseNumber('count', values.count, 1, MAX_CAMERAS);
  if (values['control-host'] !== undefined && values['control-port'] === undefined)
    throw new UsageError('--control-host needs --control-port');
  const portOf = (name: PortOption, index: number) => {
    const first = parsePort(name, values[name] ?? '', count);
    return first === 0 ? 0 : first + index;
  };
  const common: VirtualCameraOptions = {
    ...{ profile, host, discovery, strictOnvifAuth: values['strict-auth'], authSchemes: parseSchemes(values.auth) },
    startAtKeyFrame: values.instant ? 'instant' : 'wait',
    ...optional('gopSec', values.gop, (text) => parseDecimal('gop', text, 240)),
    ...optional('video', values.bitrate, (text) => ({ bitrateKbps: parseNumber('bitrate', text, 50, 20_000) })),
    ...optional('audio', values.audio, parseAudio),
    ...parseOddities(values.odd ?? []),
    ...optional('username', values.username, String),
    ...optional('password', values.password, String),
    ...optional('onvifUsername', values['onvif-username'], String),
    ...optional('onvifPassword', values['onvif-password'], String),
    ...optional('maxSessions', values['max-sessions'], (text) => parseNumber('max-sessions', text, 1, 10_000)),
    ...optional('controlHost', values['control-host'], String),
    ...optional('streamUriHost', values['stream-uri-host'], String),
    ...optional('clockSkewMs', values['clock-skew'], (text) => parseNumber('clock-skew', text, -1e9, 1e9) * 1000),
  };
  checkStreams(common);
  return Array.from({ length: count }, (_, index) => ({
    ...common,
    name: count === 1 ? name : `${name} ${index + 1}`,
    rtspPort: portOf('rtsp-port', index),
    onvifPort: portOf('onvif-port', index),
    ...optional('controlPort', values['control-port'], () => portOf('control-port', index)),
  }));
}

function parseOddities(texts: readonly string[]): Pick<VirtualCameraOptions, 'oddities'> {
  if (texts.length === 0) return {};
  try {
    return { oddities: readOddities(texts) };
  } catch (cause) {
    throw new UsageError(`--odd: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function parseAudio(text: string): AudioCodec {
  const codec = AUDIO_CODECS.find((each) => each === text);
  if (codec === undefined) throw new UsageError(`--audio must be one of ${AUDIO_CODECS.join(', ')}, not "${text}"`);
  return codec;
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function checkStreams(options: VirtualCameraOptions): void {
  try {
    planStreams(options).forEach(({ video }) => checkVideoParameters(video));
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function optional<K extends keyof VirtualCameraOptions>(
  key: K,
  text: string | undefined,
  parse: (text: string) => NonNullable<VirtualCameraOptions[K]>,
): Pick<VirtualCameraOptions, K> | object {
  return text === undefined ? {} : { [key]: parse(text) };
}

function parseNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function parseDecimal(name: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= max) return value;
  throw new UsageError(`--${name} must be a number above 0, up to ${max}, not "${text}"`);
}

type PortOption = 'rtsp-port' | 'onvif-port' | 'control-port';

function parsePort(name: PortOption, text: string, count: number): number {
  return parseNumber(name, text, 0, 65_536 - count);
}

function parseSchemes(text: string): ('digest' | 'basic')[] {
  const schemes = text.split(',');
  const known = schemes.filter((scheme) => scheme === 'digest' || scheme === 'basic');
  if (known.length !== schemes.length) throw new UsageError('--auth must be digest, basic or digest,basic');
  return known;
}
