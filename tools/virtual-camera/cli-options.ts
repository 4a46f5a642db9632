import { parseArgs } from 'node:util';
import type { VirtualCameraOptions } from './options.js';
import { planStreams } from './options.js';
import { checkVideoParameters } from './clip/parameters.js';
import { CAMERA_PROFILES, isCameraProfile } from './profiles.js';

const MAX_CAMERAS = 500;

const PROFILE_LINES = Object.entries(CAMERA_PROFILES).map(
  ([name, profile]) => `                        ${name.padEnd(13)} ${profile.description}`,
);

export const HELP = `Usage: npm run camera -- [options]

Runs virtual ONVIF cameras. Each has the streams "main" and "sub" (H.264, 320x180).

  --profile NAME        what the main stream carries (default h264-aac):
${PROFILE_LINES.join('\n')}
  --gop SEC             seconds between key frames (default 2)
  --bitrate KBPS        bit rate of the main stream (default 1000, Motion JPEG 2500)
  --count N             number of cameras (default 1)
  --host ADDRESS        address to listen on (default 127.0.0.1; 0.0.0.0 for all)
  --rtsp-port PORT      RTSP port of the first camera, the next ones count up (default 8554; 0: any)
  --onvif-port PORT     the same for ONVIF (default 8080; 0: any)
  --control-port PORT   HTTP API that sets faults, counting up as well (default: none; 0: any)
  --control-host ADDR   address of that API (default 127.0.0.1); whoever reaches it may use it
  --username NAME       RTSP credentials; without a password everybody may watch
  --password TEXT
  --onvif-username NAME ONVIF credentials (default: those of RTSP)
  --onvif-password TEXT
  --auth SCHEMES        RTSP authentication: digest, basic or digest,basic (default digest)
  --max-sessions N      refuse more RTSP sessions than this
  --instant             begin at the latest key frame instead of waiting for the next one
  --discovery           answer WS-Discovery probes (UDP port 3702)
  --stream-uri-host H   host[:port] in the stream URI, as a camera behind NAT answers
  --clock-skew SEC      how far the cameras' clock is ahead
  --strict-auth         ask for credentials for every ONVIF call but the clock
  --name TEXT           name of the device (default Virtual Camera)
  --help                this text
`;

const OPTIONS = {
  profile: { type: 'string', default: 'h264-aac' },
  gop: { type: 'string' },
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
    ...optional('gopSec', values.gop, (text) => parseDecimal('gop', text, 60)),
    ...optional('video', values.bitrate, (text) => ({ bitrateKbps: parseNumber('bitrate', text, 50, 20_000) })),
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
