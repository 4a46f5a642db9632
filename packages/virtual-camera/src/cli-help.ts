import { AUDIO_CODECS } from './clip/parameters.js';
import { oddityHelp } from './oddities/check-oddities.js';
import { CAMERA_PROFILES } from './profiles.js';

const PROFILE_LINES = Object.entries(CAMERA_PROFILES).map(
  ([name, profile]) => `                        ${name.padEnd(13)} ${profile.description}`,
);

/** As it was called. */
export const COMMAND = process.env['npm_lifecycle_event'] === 'camera' ? 'npm run camera --' : 'hindsight-camera';

export const HELP = `Usage: ${COMMAND} [options]

Runs virtual ONVIF cameras. Each has the streams "main" and "sub" (H.264, 320x180).

  --profile NAME        what the main stream carries (default h264-aac):
${PROFILE_LINES.join('\n')}
  --audio CODEC         sound of the streams: ${AUDIO_CODECS.join(', ')}
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
  --odd NAME=VALUE      an oddity of the cameras, see below; may be given several times, and combined
  --help                this text

Oddities (docs/virtual-camera.md tells more; a name alone stands for true):
${oddityHelp()}
`;
