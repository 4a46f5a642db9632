import type { CameraSwitches, ChangeTime } from '../camera-switches.js';
import type { FaultName } from '../faults.js';
import { CameraInputError, requireObject } from '../faults/input.js';
import type { RebootOptions } from '../reboot.js';
import type { VirtualCamera } from '../virtual-camera.js';
import type { ControlRoutes } from './server.js';

/** The control API of one camera; docs/virtual-camera.md describes it. */
export function createRoutes(camera: VirtualCamera, switches: CameraSwitches): ControlRoutes {
  const { faults, oddities } = camera;
  return {
    'GET /faults': () => ({ body: faults.read() }),
    'PUT /faults': async ({ body }) => {
      const { forSec, ...changes } = requireObject('The body', body);
      const options = forSec === undefined ? {} : { forSec: forSec as number };
      await faults.set(changes, options);
      return { body: faults.read() };
    },
    'DELETE /faults': async ({ query }) => {
      const names = query.getAll('name').flatMap((list) => list.split(','));
      await faults.clear(names.length > 0 ? (names as FaultName[]) : undefined);
      return { body: faults.read() };
    },
    'GET /oddities': () => ({ body: oddities.read() }),
    'PUT /oddities': ({ body }) => {
      oddities.set(requireObject('The body', body));
      return { body: oddities.read() };
    },
    'DELETE /oddities': () => {
      oddities.clear();
      return { body: oddities.read() };
    },
    'POST /reboot': async ({ body }) => {
      const options = requireObject('The body', body) as unknown as RebootOptions;
      await switches.startReboot(options);
      return { status: 202, body: { backAtMs: Date.now() + options.forSec * 1000 } };
    },
    'POST /stream': async ({ body }) => {
      const { when, ...change } = requireObject('The body', body);
      await camera.changeStream(change, when as ChangeTime | undefined);
      return { body: change };
    },
    'POST /drop': () => {
      const { connectionsOpen } = camera.stats();
      camera.dropSessions();
      return { body: { dropped: connectionsOpen } };
    },
    'GET /stats': () => {
      const { rtspUrl, onvifHost, onvifPort, loopLength, fps, isOff } = camera;
      return { body: { rtspUrl, onvifHost, onvifPort, loopLength, fps, isOff, ...camera.stats() } };
    },
    'GET /sent': ({ query }) => {
      const [from, to] = [readInstant(query, 'from'), readInstant(query, 'to')];
      const period = { ...(from === undefined ? {} : { fromMs: from }), ...(to === undefined ? {} : { toMs: to }) };
      return { body: camera.sent(period) };
    },
  };
}

/** An instant as milliseconds since 1970, or as ISO 8601. */
function readInstant(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw new CameraInputError([`${name} must be milliseconds since 1970 or an ISO 8601 instant, not "${text}"`]);
}
