import type { AudioCodec, Oddities } from '@hindsight/virtual-camera';
import { camera, type FieldCase } from '../support/field-case.js';

const COLD_SEC = 50;
const WARM_SEC = 40;

interface Pace {
  sentFps: number;
  stampedFps?: number;
  audio?: AudioCodec;
  reports?: Oddities['reports'];
}

const words = ({ sentFps, stampedFps, audio, reports }: Pace) =>
  `${stampedFps} stamped, ${sentFps} sent, ${audio ?? 'no sound'}${reports ? ', no reports' : ''}`;

function cold(pace: Pace): FieldCase {
  const { audio = 'none', ...odd } = pace;
  return {
    name: `F3: cold, ${words(pace)}`,
    camera: camera(odd, { audio }),
    eventSec: COLD_SEC,
    expected: { sound: audio !== 'none' },
  };
}

function warm(pace: Pace): FieldCase {
  const { audio = 'none', ...odd } = pace;
  return {
    name: `F3: warm, ${words(pace)}`,
    camera: camera(odd, { audio }),
    warmSec: WARM_SEC,
    expected: { sound: audio !== 'none' },
  };
}

/** Cameras whose clock, or whose rate, is not what they say. */
export const PACE_CASES: FieldCase[] = [
  ...[21, 15, 40].flatMap((sentFps) => [cold({ sentFps, stampedFps: 25 }), warm({ sentFps, stampedFps: 25 })]),
  cold({ sentFps: 21, stampedFps: 25, audio: 'aac' }),
  cold({ sentFps: 40, stampedFps: 25, audio: 'pcmu', reports: 'none' }),
  warm({ sentFps: 15, stampedFps: 25, audio: 'pcmu' }),
  ...[1, 2, 3, 5].map((sentFps) => ({
    name: `F7: declares 25 and sends ${sentFps} a second`,
    // A key frame every second picture.
    camera: camera({ sentFps }, { gopSec: 0.08 }),
    eventSec: 25,
    expected: {},
  })),
  ...(['none', 'aac'] as const).map((audio) => ({
    name: `F-odd: 25 pictures a second, then one, then 25; sound: ${audio}`,
    camera: camera({ rateSchedule: '25:6,1:8' }, { audio }),
    eventSec: 24,
    expected: { sound: audio !== 'none' },
  })),
  {
    name: 'F-odd: all pictures have one stamp',
    camera: camera({ stampsEqual: true }),
    eventSec: 12,
    // The first one shows that the stamps are useless.
    expected: { severalSessions: true },
  },
  {
    name: 'F-pass: stamps that are up to 15 ms off',
    camera: camera({ stampJitterMs: 15 }),
    expected: {},
  },
  {
    // Nearly the time from one picture to the next: some stamps are as good as the same.
    name: 'F-pass: stamps that are up to 30 ms off',
    camera: camera({ stampJitterMs: 30 }),
    expected: {},
  },
  {
    name: 'F-pass: RTP time and packet numbers that wrap around',
    camera: camera({ rtpWrapSec: 4, firstSequence: 65_400 }, { audio: 'aac' }),
    expected: { sound: true },
  },
  {
    name: 'F-pass: sender reports by a clock that stands at 1970',
    camera: camera({}, { audio: 'aac', faults: { clockJumpSec: -1_700_000_000 } }),
    expected: { sound: true },
  },
];
