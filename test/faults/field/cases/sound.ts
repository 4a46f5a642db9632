import type { Oddities } from '@hindsight/virtual-camera';
import { camera, type FieldCase } from '../support/field-case.js';

const CODECS = ['pcmu', 'opus', 'aac'] as const;
const B_FRAMES = [0, 2];
const RTP_INFOS = [null, 'play-time', 'none'] as const;
const REPORTS = [null, 'none'] as const;
/** Seconds by which sound begins later than the pictures; null: it never comes. */
const OFFSETS = [0, 1.2, 3, -2, null];
/** Every so many of the product of all that is recorded: no two kinds go together always. */
const STEP = 7;

interface Mixture {
  audio: (typeof CODECS)[number];
  bFrames: number;
  rtpInfo: (typeof RTP_INFOS)[number];
  reports: (typeof REPORTS)[number];
  offset: number | null;
}

const PRODUCT: Mixture[] = OFFSETS.flatMap((offset) =>
  CODECS.flatMap((audio) =>
    B_FRAMES.flatMap((bFrames) =>
      RTP_INFOS.flatMap((rtpInfo) => REPORTS.map((reports) => ({ audio, bFrames, rtpInfo, reports, offset }))),
    ),
  ),
);

function soundCase({ audio, bFrames, rtpInfo, reports, offset }: Mixture): FieldCase {
  const odd: Partial<Oddities> = offset === null ? { soundNever: true } : { soundStartSec: offset };
  const when = offset === null ? 'never' : `${offset} s after the pictures`;
  const how = `${bFrames ? 'B-frames, ' : ''}RTP-Info ${rtpInfo ?? 'of first packets'}, reports ${reports ?? 'of all'}`;
  return {
    name: `F1: ${audio} that comes ${when}; ${how}`,
    camera: camera({ ...odd, rtpInfo, reports }, { audio, video: { bFrames } }),
    // FFmpeg may look for several seconds at a track that carries nothing.
    eventSec: offset === null ? 12 : 9,
    expected: offset === null ? { sound: 'maybe' } : { sound: true },
  };
}

const LATE_AND_NEVER = PRODUCT.filter((_, index) => index % STEP === 3).map(soundCase);

/** Sound that is late, early, never there, refused, or not for us. */
export const SOUND_CASES: FieldCase[] = [
  ...LATE_AND_NEVER,
  {
    name: 'F1: G.711 six seconds late, without sender reports',
    camera: camera({ soundStartSec: 6, reports: 'none' }, { audio: 'pcma' }),
    eventSec: 12,
    expected: { sound: true },
  },
  {
    name: 'F2: a track towards the camera before its own sound',
    camera: camera({ backChannel: 'middle' }, { audio: 'aac' }),
    eventSec: 12,
    expected: { sound: true },
  },
  {
    name: 'F2: a track towards the camera before everything',
    camera: camera({ backChannel: 'first' }, { audio: 'pcmu' }),
    eventSec: 12,
    expected: { sound: true },
  },
  {
    name: 'F2: a track towards the camera, and no other sound',
    camera: camera({ backChannel: 'last' }),
    eventSec: 12,
    expected: { sound: false },
  },
  {
    name: 'F2: G.711 that is never sent, to a camera whose sound is not wanted',
    camera: camera({ soundNever: true }, { audio: 'pcmu' }),
    settings: { recordAudio: false },
    expected: { sound: false },
  },
  {
    name: 'F2: sound that stops in the middle',
    camera: camera({ soundStopSec: 4 }, { audio: 'pcmu' }),
    expected: { sound: true },
  },
  {
    name: 'F-odd: SETUP of the sound is refused',
    camera: camera({ soundSetupStatus: 404 }, { audio: 'aac' }),
    eventSec: 12,
    expected: { sound: false, severalSessions: true },
  },
  {
    name: 'F-odd: pictures six seconds after the sound',
    camera: camera({ soundStartSec: -6 }, { audio: 'aac' }),
    eventSec: 24,
    expected: { sound: 'maybe', severalSessions: true },
  },
  {
    name: 'F-odd: reports of the sound are four seconds ahead',
    camera: camera({}, { audio: 'aac', faults: { soundClockAheadSec: 4 } }),
    expected: { sound: true },
  },
  ...(['pcma', 'g722', 'g726', 'l16'] as const).map((audio) => ({
    name: `F-pass: ${audio}`,
    camera: camera({}, { audio }),
    expected: { sound: true },
  })),
];
