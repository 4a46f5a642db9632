import { camera } from './support/field-case.js';
import { fieldTable } from './support/run-table.js';

/** Far less, with the ten seconds that a start may take, than the camera needs for a key frame: what is true of minutes can be seen within seconds. */
const LIMITS = { STALL_TIMEOUT_MS: '4000' };
const GOP_SEC = 30;

fieldTable(
  'key frames that are far apart, on a service that is soon impatient',
  [
    {
      name: 'F7: a key frame each 30 s, the client comes soon after one',
      camera: camera({ startsAnywhere: true }, { gopSec: GOP_SEC, startFrame: 25 }),
      eventSec: 42,
      expected: {},
    },
    {
      name: 'F7: the same with sound',
      camera: camera({ startsAnywhere: true }, { gopSec: GOP_SEC, startFrame: 25, audio: 'aac' }),
      eventSec: 42,
      expected: { sound: true },
    },
    {
      name: 'F7: the same without parameter sets in the SDP',
      camera: camera({ startsAnywhere: true, parameterSets: 'in-band' }, { gopSec: GOP_SEC, startFrame: 25 }),
      eventSec: 42,
      expected: {},
    },
    {
      name: 'F7: one picture a second of a camera that declares 25',
      camera: camera({ sentFps: 1 }, { gopSec: 0.2 }),
      eventSec: 30,
      expected: {},
    },
    {
      name: 'F7: nothing at all comes for longer than it may',
      camera: camera({}, { faults: { stalled: true } }),
      eventSec: 12,
      expected: {
        failure: {
          code: 'RECORDING.STALLED',
          message: /sent nothing/,
          cause: 'stalled',
        },
      },
    },
  ],
  LIMITS,
);
