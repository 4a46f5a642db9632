import { AppError, type ErrorKind, type Fault } from '../../../common/errors.js';

/** Everything that can be wrong with a camera; the codes are stable, clients and the recorder depend on them. */
export type CameraErrorCode =
  | 'CAMERA.NOT_FOUND'
  | 'CAMERA.BUSY'
  | 'CAMERA.DISABLED'
  | 'CAMERA.SOURCE_MISSING'
  | 'CAMERA.CREDENTIALS_UNREADABLE'
  | 'CAMERA.CREDENTIALS_TOO_LONG'
  | 'CAMERA.STREAM_URL_INVALID'
  | 'CAMERA.ADDRESS_NOT_ALLOWED'
  | 'CAMERA.HOST_UNKNOWN'
  | 'CAMERA.UNREACHABLE'
  | 'CAMERA.WRONG_PASSWORD'
  | 'CAMERA.NO_SUCH_PROFILE'
  | 'CAMERA.ONVIF_FAILED'
  | 'CAMERA.DISCOVERY_FAILED'
  | 'CAMERA.STREAM_NOT_FOUND'
  | 'CAMERA.BUSY_SESSIONS'
  | 'CAMERA.NO_VIDEO'
  | 'CAMERA.UNSUPPORTED_CODEC'
  | 'CAMERA.RTSP_FAILED';

interface Traits {
  kind: ErrorKind;
  fault: Fault;
}

const camera: Traits = { kind: 'upstream', fault: 'camera' };
const caller: Traits = { kind: 'invalid', fault: 'caller' };

/** The one table from code to kind and fault. */
const TRAITS: Record<CameraErrorCode, Traits> = {
  'CAMERA.NOT_FOUND': { kind: 'not_found', fault: 'caller' },
  'CAMERA.BUSY': { kind: 'conflict', fault: 'caller' },
  'CAMERA.DISABLED': { kind: 'conflict', fault: 'caller' },
  'CAMERA.SOURCE_MISSING': caller,
  'CAMERA.CREDENTIALS_UNREADABLE': { kind: 'internal', fault: 'service' },
  'CAMERA.CREDENTIALS_TOO_LONG': caller,
  'CAMERA.STREAM_URL_INVALID': caller,
  'CAMERA.ADDRESS_NOT_ALLOWED': caller,
  'CAMERA.HOST_UNKNOWN': camera,
  'CAMERA.UNREACHABLE': camera,
  'CAMERA.WRONG_PASSWORD': camera,
  'CAMERA.NO_SUCH_PROFILE': camera,
  'CAMERA.ONVIF_FAILED': camera,
  'CAMERA.DISCOVERY_FAILED': { kind: 'unavailable', fault: 'service' },
  'CAMERA.STREAM_NOT_FOUND': camera,
  'CAMERA.BUSY_SESSIONS': camera,
  'CAMERA.NO_VIDEO': camera,
  'CAMERA.UNSUPPORTED_CODEC': camera,
  'CAMERA.RTSP_FAILED': camera,
};

/** An AppError of this module; `message` is one sentence that a user can act on, without secrets. */
export function cameraError(code: CameraErrorCode, message: string, cause?: unknown): AppError {
  return new AppError({ code, ...TRAITS[code], message, ...(cause === undefined ? {} : { cause }) });
}

const UNREACHABLE: Record<string, string> = {
  ECONNREFUSED: 'refused the connection: is the port right and the service switched on?',
  EHOSTUNREACH: 'cannot be reached: is it powered and on this network?',
  ENETUNREACH: 'cannot be reached: this machine has no route to its network.',
  ETIMEDOUT: 'did not answer: is it powered and on this network?',
};

/** Translates a failed connection to `where` (host:port). */
export function unreachable(where: string, cause: unknown): AppError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'ETIMEDOUT';
  return cameraError(
    'CAMERA.UNREACHABLE',
    `The camera at ${where} ${UNREACHABLE[code] ?? `cannot be reached (${code}).`}`,
    cause,
  );
}
