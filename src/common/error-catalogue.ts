import { type ErrorKind, type Fault, KINDS } from './error-kinds.js';

/** What a code stands for. */
export interface ErrorEntry {
  /** It decides the HTTP status. */
  kind: ErrorKind;
  /** Whose fault it is; default: the caller's below 500, the service's from there on. */
  fault?: Fault;
  /** Whether sending the same again, or waiting, can help; default: what holds for the kind. */
  retry?: boolean;
  /** What `Retry-After` says, unless whoever throws it knows better. */
  retryAfterSec?: number;
  /**
   * Where a client meets a code that is never the answer to a request. failure: in what is told of a recording or a camera.
   * log: in the service's log, its words at the start or its readiness.
   */
  seenIn?: 'failure' | 'log';
  /** One sentence that a user can act on, with `{blanks}`. Never holds a secret. */
  says: string;
}

const camera = { kind: 'upstream', fault: 'camera', seenIn: 'failure' } as const;
const destination = { fault: 'destination' } as const;
const failure = { kind: 'internal', seenIn: 'failure' } as const;
const atStart = { kind: 'invalid', seenIn: 'log' } as const;

/**
 * Every error of the service, by its code `AREA.REASON`. Codes are stable: clients and tests depend on them. The code throws from this
 * table, the OpenAPI document names the codes in it, and docs/errors.md is made of it. A new one: add it here, run `npm run openapi`.
 */
export const ERRORS = {
  'REQUEST.INVALID': { kind: 'invalid', says: 'Something in the request is wrong: `errors` names each field.' },
  'REQUEST.UNAUTHENTICATED': { kind: 'unauthenticated', says: 'The request needs a login.' },
  'REQUEST.FORBIDDEN': { kind: 'forbidden', says: 'The request is not allowed.' },
  'REQUEST.NOT_FOUND': { kind: 'not_found', says: 'There is nothing at this address.' },
  'REQUEST.CONFLICT': { kind: 'conflict', says: 'The request does not fit the present state.' },
  'REQUEST.TOO_LARGE': { kind: 'too_large', says: 'The body is larger than {maxBytes} bytes.' },
  'REQUEST.RANGE_NOT_SATISFIABLE': {
    kind: 'range_not_satisfiable',
    says: 'The range that was asked for is not there.',
  },
  'REQUEST.TOO_MANY': { kind: 'too_many', says: 'There are too many requests: try again later.' },

  'AUTH.NO_TOKEN': {
    kind: 'unauthenticated',
    says: 'Send the token of POST /auth/login as "Authorization: Bearer TOKEN".',
  },
  'AUTH.BAD_TOKEN': { kind: 'unauthenticated', says: 'The token is not valid, or not any more: log in again.' },
  'AUTH.WRONG_CREDENTIALS': { kind: 'unauthenticated', says: 'The username or the password is wrong.' },
  'AUTH.WRONG_ROLE': { kind: 'forbidden', says: 'This needs the role {role}.' },
  'AUTH.TOO_MANY_LOGINS': {
    kind: 'too_many',
    says: 'Too many logins from this address: try again in {seconds} s.',
  },
  'AUTH.BUSY': {
    kind: 'unavailable',
    // By then the queue has moved on: a password takes some ten milliseconds.
    retryAfterSec: 1,
    says: 'More people log in than can be checked now: try again in a moment.',
  },
  'AUTH.USER_NOT_FOUND': { kind: 'not_found', says: 'There is no user {id}.' },
  'AUTH.USERNAME_TAKEN': { kind: 'conflict', says: 'There is a user "{username}" already.' },
  'AUTH.LAST_ADMIN': { kind: 'conflict', says: 'This is the last administrator: make another one first.' },
  'AUTH.PASSWORD_MANAGED': {
    kind: 'conflict',
    says: 'This password comes from ADMIN_PASSWORD: change it there and restart.',
  },
  'AUTH.OWN_USER': { kind: 'conflict', says: 'You cannot delete the user that you are.' },

  'CAMERA.NOT_FOUND': { kind: 'not_found', says: 'There is no camera {id}.' },
  'CAMERA.BUSY': {
    kind: 'conflict',
    retry: true,
    says: 'The camera has a recording that is not finished: stop it and wait until it is stored.',
  },
  'CAMERA.DISABLED': {
    kind: 'conflict',
    says: 'The camera is disarmed: set its enabled to true before it can record.',
  },
  'CAMERA.STREAM_URL_INVALID': { kind: 'invalid', says: 'The stream address {fault}.' },
  'CAMERA.CREDENTIALS_TOO_LONG': {
    kind: 'invalid',
    says: 'User name and password are too long for RTSP: percent-encoded they may have {maxCharacters} characters together.',
  },
  'CAMERA.ADDRESS_NOT_ALLOWED': {
    kind: 'invalid',
    says: 'The address {address} is outside the networks where cameras may be: add its network to CAMERA_ALLOWED_CIDRS if it is a camera.',
  },
  'CAMERA.HOST_UNKNOWN': {
    kind: 'invalid',
    retry: true,
    says: 'The host {host} is not known to DNS: check the spelling, or use the IP address.',
  },
  'CAMERA.DISCOVERY_FAILED': {
    kind: 'unavailable',
    says: 'Cameras cannot be looked for: no network of this machine carries multicast ({reason}).',
  },
  'CAMERA.SOURCE_MISSING': {
    kind: 'invalid',
    seenIn: 'failure',
    says: 'The camera has neither an ONVIF address nor an rtspUrl: give it one.',
  },
  'CAMERA.CREDENTIALS_UNREADABLE': {
    ...failure,
    says: 'The stored password of this camera {fault}: enter it again, or start with the key it was stored with.',
  },
  'CAMERA.UNREACHABLE': { ...camera, says: 'The camera at {where} {fault}' },
  'CAMERA.WRONG_PASSWORD': {
    ...camera,
    retry: false,
    says: 'The camera at {where} refuses the user name or password for its stream.',
  },
  'CAMERA.NO_SUCH_PROFILE': {
    ...camera,
    retry: false,
    says: 'The device at {where} has no profile with this token: choose one that it offers.',
  },
  'CAMERA.ONVIF_FAILED': { ...camera, says: 'The device at {where} {fault}' },
  'CAMERA.STREAM_NOT_FOUND': {
    ...camera,
    retry: false,
    says: 'The camera at {where} has no stream at this address: check the path.',
  },
  'CAMERA.BUSY_SESSIONS': {
    ...camera,
    says: '{who} serves as many viewers as it can: close one and try again.',
  },
  'CAMERA.NO_VIDEO': {
    ...camera,
    retry: false,
    says: 'The stream holds no video: choose another profile or stream address.',
  },
  'CAMERA.UNSUPPORTED_CODEC': {
    ...camera,
    retry: false,
    says: 'The video is {codec}, which cannot be recorded: set the camera to H.264, H.265 or MJPEG.',
  },
  'CAMERA.RTSP_FAILED': { ...camera, says: 'The camera at {where} refused to describe its stream: {answer}' },

  'SCHEDULE.NOT_FOUND': { kind: 'not_found', says: 'There is no schedule {id}.' },
  'SCHEDULE.RULE_INVALID': { kind: 'invalid', says: 'The schedule cannot be planned. {fault}' },
  'SCHEDULE.ZONE_UNKNOWN': {
    kind: 'invalid',
    says: 'There is no time zone "{timeZone}": give the name of one, like Europe/Berlin or UTC.',
  },
  'SCHEDULE.NEVER': {
    kind: 'invalid',
    says: 'The schedule would never begin: all its times are over, or there are none.',
  },
  'SCHEDULE.CHANGED': {
    kind: 'conflict',
    says: 'Somebody has changed the schedule meanwhile, and it is version {version} now: read it again.',
  },
  'SCHEDULE.MISSED': {
    ...failure,
    says: 'No recorder began it before its time was over: none was running or could record, or the camera was disarmed.',
  },
  'OCCURRENCE.NOT_FOUND': { kind: 'not_found', says: 'There is no occurrence {id}.' },
  'OCCURRENCE.NOT_SCHEDULED': {
    kind: 'conflict',
    says: 'The occurrence is {status}: only one that is still to come can be changed like this.',
  },
  'OCCURRENCE.NOT_FAILED': {
    kind: 'conflict',
    says: 'The occurrence is {status}: only one that has failed can be retried.',
  },
  'OCCURRENCE.OVER': {
    kind: 'conflict',
    says: 'The time of the occurrence is over: nothing of it can be recorded any more.',
  },

  'EVENT.NOT_FOUND': { kind: 'not_found', says: 'There is no event {id}.' },
  'EVENT.IDEMPOTENCY_KEY_REUSED': {
    kind: 'conflict',
    says: 'This Idempotency-Key was used for another request: use a new key for each event.',
  },

  'RETENTION.LIMIT_MISSING': {
    kind: 'invalid',
    says: 'Continuous footage of {cameras} would be kept for ever: limit it in days or bytes by PUT /retention or PUT /cameras/ID/retention, or everything by STORAGE_MAX_BYTES.',
  },
  'PLAYBACK.NOT_FOUND': { kind: 'not_found', says: 'There is no playback {id}.' },
  'PLAYBACK.LOCKED': {
    kind: 'conflict',
    says: 'The playback is held by lock {lock} ({why}): take it off first by DELETE /locks/ID.',
  },
  'LOCK.NOT_FOUND': { kind: 'not_found', says: 'There is no lock {id}.' },
  'PLAYBACK.STILL_RECORDING': {
    kind: 'conflict',
    retry: true,
    says: 'This playback is not finished: stop it and wait until it is COMPLETED or FAILED.',
  },
  'PLAYBACK.NOT_RECORDING': {
    kind: 'conflict',
    says: 'There is nothing to stop: this playback is {recordingStatus}.',
  },
  'PLAYBACK.NOT_READY': {
    kind: 'conflict',
    retry: true,
    says: 'The video is being stored: try again when the playback is COMPLETED.',
  },
  'PLAYBACK.NOT_STREAMABLE': {
    kind: 'conflict',
    says: 'This video was stored without an index for streaming: load it from /video.',
  },
  'PLAYBACK.LIVE_ELSEWHERE': {
    kind: 'conflict',
    retry: true,
    says: 'The footage still lies on a recorder whose disk cannot be read from here: ask that one, or wait for the video.',
  },
  'PLAYBACK.SEGMENT_NOT_FOUND': {
    kind: 'not_found',
    says: 'There is no such segment in this playback: load its playlist again.',
  },
  'PLAYBACK.LINK_INVALID': {
    kind: 'unauthenticated',
    says: 'This link has expired or is not one of ours: ask GET /playbacks/:id/download-url for a new one.',
  },
  'PLAYBACK.BAD_RANGE': {
    kind: 'range_not_satisfiable',
    says: 'The range starts behind the end of the video, which has {sizeBytes} bytes.',
  },
  'PLAYBACK.OBJECT_MISSING': {
    kind: 'not_found',
    ...destination,
    says: 'The {what} is not in the store any more: somebody removed it there.',
  },
  'PLAYBACK.PICTURE_NOT_READY': {
    kind: 'conflict',
    retry: true,
    retryAfterSec: 5,
    says: 'This picture is made after the video is stored: try again in a moment. If it does not come, the log of the recorders says why.',
  },
  'PLAYBACK.NO_PICTURE': {
    kind: 'conflict',
    says: 'There are no pictures of this playback: its video was stored without an index of its key frames.',
  },
  'PLAYBACK.NO_MEDIA_INFO': {
    kind: 'conflict',
    says: 'Nothing is known of the streams of this playback: its video was stored before they were looked into.',
  },

  'FOOTAGE.RANGE_TOO_LONG': { kind: 'invalid', says: 'This range is longer than {most}: ask for less at once.' },
  'FOOTAGE.NONE': {
    kind: 'conflict',
    retry: true,
    says: 'There is no footage of this camera in that range (yet): GET /cameras/:id/footage/spans says where there is, and why not here.',
  },
  'FOOTAGE.ELSEWHERE': {
    kind: 'conflict',
    retry: true,
    retryAfterSec: 5,
    says: 'This footage still lies on a recorder whose disk cannot be read from here: ask that one, or wait until it is stored.',
  },
  'FOOTAGE.SEGMENT_NOT_FOUND': {
    kind: 'not_found',
    says: 'There is no such segment in this footage (any more): load its playlist again.',
  },
  'FOOTAGE.LINK_INVALID': {
    kind: 'unauthenticated',
    says: 'This link has expired or is not one of ours: ask GET /cameras/:id/footage/stream-url for a new one.',
  },
  'PLAYBACK.RANGE_TOO_LONG': {
    kind: 'invalid',
    says: 'One playback holds {hours} h at most: ask for less.',
  },
  'FOOTAGE.COMING': {
    kind: 'unavailable',
    seenIn: 'failure',
    says: 'The newest footage is on its way to the archive: the export goes on when it is there.',
  },

  'STATISTICS.RANGE_TOO_LONG': {
    kind: 'invalid',
    says: 'Statistics cover {maxDays} days at most: ask for fewer at once.',
  },
  'STATISTICS.TOO_MANY_GROUPS': {
    kind: 'invalid',
    says: 'These would be more than {maxGroups} groups: ask for fewer days or cameras, or group by one of them.',
  },

  'RECORDING.QUEUE_FULL': {
    kind: 'unavailable',
    // A full queue moves as soon as one recording ends or begins.
    retryAfterSec: 5,
    says: '{maxQueued} recordings are waiting already (MAX_QUEUED_RECORDINGS): nothing was stored, send it again.',
  },
  'RECORDING.NO_FOOTAGE': {
    ...failure,
    fault: 'camera',
    says: 'The camera gave no picture within {seconds} s.',
  },
  'RECORDING.TOO_LATE': { ...failure, says: 'Its time was over before it could be recorded: {why}.' },
  'RECORDING.FFMPEG_MISSING': {
    kind: 'unavailable',
    seenIn: 'failure',
    retry: false,
    says: 'FFmpeg was not found.',
  },
  'RECORDING.FFMPEG_FAILED': { ...failure, says: 'FFmpeg could not be started: {reason}.' },
  'RECORDING.DISK_FULL': { kind: 'unavailable', seenIn: 'failure', says: "The recorder's disk is full." },
  'RECORDING.STREAM_INVALID': { ...failure, says: 'FFmpeg gave something that is no fragmented MP4: {reason}.' },
  'RECORDING.CAMERA_LOST': { ...camera, says: 'The camera ended the stream.' },
  'RECORDING.STALLED': {
    ...camera,
    says: 'The camera sent nothing for {seconds} s although it stayed connected.',
  },
  'RECORDING.NO_KEY_FRAME': {
    ...camera,
    says: 'The camera sent pictures for {seconds} s, but no key frame among them: set a shorter key frame interval (GOP).',
  },
  'RECORDING.NO_PICTURES': {
    ...camera,
    says: 'The camera stayed connected and sent no picture for {seconds} s.',
  },
  'RECORDING.LOOK_TIMEOUT': {
    ...camera,
    says: "FFmpeg looked at the camera's stream for {seconds} s and found no picture that can be decoded.",
  },
  'RECORDING.EQUAL_TIMES': {
    ...camera,
    says: 'The camera gives all its pictures the same time: from now on they are stamped when they come.',
  },
  'RECORDING.CLOCK_JUMPED': { ...camera, says: "The camera's clock jumped {how}." },
  'RECORDING.FOOTAGE_LOST': {
    ...failure,
    retry: false,
    says: 'The footage of this recording is not on this node any more.',
  },
  'RECORDING.FOOTAGE_AWAY': {
    kind: 'unavailable',
    seenIn: 'failure',
    says: 'A part of the footage lies on recorder {recorders}, whose disk cannot be read from here.',
  },
  'FOOTAGE.STORE_FOREIGN': {
    kind: 'unavailable',
    seenIn: 'failure',
    says: '{why} Nothing is written to it or deleted there.',
  },
  'RECORDING.ASSEMBLY_FAILED': {
    ...failure,
    says: "The footage could not be made into an MP4; the recorder's log says why.",
  },
  'RECORDING.PROBE_FAILED': { ...failure, says: 'The stored video did not pass ffprobe: {reason}' },
  'RECORDING.INTERNAL': { ...failure, says: 'Something went wrong inside the recorder; its log says what.' },
  'RECORDING.PREVIEW_FAILED': {
    kind: 'internal',
    seenIn: 'log',
    says: 'No picture could be made of the video: {reason}',
  },
  'RECORDING.NO_HOME': {
    kind: 'unavailable',
    seenIn: 'log',
    says: '{count} recorders already share {dir}: give this one a RECORD_DIR of its own.',
  },

  'STORAGE.NOT_FOUND': { kind: 'not_found', says: 'There is no object "{key}" in the store.' },
  'STORAGE.BAD_RANGE': {
    kind: 'range_not_satisfiable',
    says: 'The range starts behind the end of the object.',
  },
  'STORAGE.UNAVAILABLE': {
    kind: 'unavailable',
    ...destination,
    says: 'The object store cannot be used now ({reason}).',
  },
  'STORAGE.DENIED': {
    kind: 'upstream',
    ...destination,
    says: 'The object store refuses us ({answer}): check its settings and what the key may do.',
  },
  'STORAGE.REJECTED': {
    kind: 'conflict',
    ...destination,
    says: 'The object store refused the request ({answer}).',
  },
  'STORAGE.MISMATCH': {
    ...failure,
    says: 'What the object store has is not what was sent to it.',
  },
  'STORAGE.UPLOAD_GONE': {
    kind: 'unavailable',
    ...destination,
    seenIn: 'failure',
    says: 'The upload was ended from elsewhere, and its parts are gone: it has to begin again.',
  },
  'STORAGE.CANCELLED': {
    kind: 'unavailable',
    seenIn: 'log',
    says: 'The transfer was cancelled before it was done.',
  },
  'STORAGE.BAD_KEY': {
    kind: 'invalid',
    seenIn: 'failure',
    says: 'An object key is segments of letters, digits, ".", "_" and "-" with single slashes between them.',
  },

  'SERVICE.STOPPING': {
    kind: 'unavailable',
    // By then a restarted service, or another one, can take it.
    retryAfterSec: 5,
    says: 'The service is being stopped: send it again in a moment.',
  },
  'SERVICE.DATABASE_UNAVAILABLE': {
    kind: 'unavailable',
    retryAfterSec: 5,
    says: 'The database cannot be reached now; nothing was changed. Try again.',
  },
  'SERVICE.INTERNAL': {
    kind: 'internal',
    says: 'Something went wrong inside the service; its log says what.',
  },

  'HEALTH.DISK_FULL': {
    kind: 'unavailable',
    seenIn: 'log',
    says: '{found}, {wanted} to go on recording: make room, or lower MIN_FREE_DISK_BYTES',
  },
  'CONFIG.INVALID': { ...atStart, says: 'The environment has {count} fault(s): {faults}' },
  'CONFIG.ENV_FILE_UNREADABLE': {
    ...atStart,
    says: 'The settings in {file} cannot be read: {reason}. Mend it, or take it away.',
  },
  'CONFIG.SECRETS_UNREADABLE': {
    kind: 'internal',
    seenIn: 'log',
    retry: false,
    says: '{file} is damaged. Put back a copy of it: without its credentialsKey the stored camera passwords cannot be read.',
  },
  'CONFIG.FOLDER_UNUSABLE': { ...atStart, says: 'A folder that the service writes to cannot be used: {faults}' },
  'CONFIG.PORT_UNUSABLE': { ...atStart, says: 'Nobody can listen on PORT {port} of HOST {host}: {reason}.' },
  'DATABASE.EMBEDDED_FAILED': {
    kind: 'unavailable',
    seenIn: 'log',
    says: 'The embedded PostgreSQL cannot be used: {reason}',
  },
  'DATABASE.EMBEDDED_IN_USE': {
    kind: 'conflict',
    seenIn: 'log',
    says: 'Another Hindsight (process {pid}) runs on {dir}: stop it, or give this one another DATA_DIR, or give both a PostgreSQL of yours with DATABASE_URL.',
  },
  'DATABASE.LOGIN_REFUSED': {
    ...atStart,
    says: 'The database {database} of DATABASE_URL refuses the user name or the password.',
  },
  'DATABASE.MISSING': {
    ...atStart,
    says: 'The database {database} of DATABASE_URL is not there: create it, or mend its name.',
  },
  'DATABASE.UNREACHABLE': {
    kind: 'unavailable',
    seenIn: 'log',
    says: 'The database {database} of DATABASE_URL cannot be used: {reason}.',
  },
  'DATABASE.MIGRATION_FAILED': {
    kind: 'conflict',
    seenIn: 'log',
    says: 'The tables of the database {database} cannot be brought up to date: {reason}.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];

type BlanksOf<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | BlanksOf<Rest> : never;
/** What stands in the `{blanks}` of a code's sentence. */
type ValuesOf<C extends ErrorCode> = Record<BlanksOf<(typeof ERRORS)[C]['says']>, string | number>;

/** A code with its sentence filled in: `{ code: 'CAMERA.NOT_FOUND', values: { id } }`. */
type Filled = {
  [C in ErrorCode]: [keyof ValuesOf<C>] extends [never] ? { code: C } : { code: C; values: ValuesOf<C> };
}[ErrorCode];

/** A code and what it says here: the catalogue's sentence, or one of its own where the situation has more to say. */
export type Said = (Filled & { message?: never }) | { code: ErrorCode; message: string; values?: never };

export function sentenceOf(said: Said): string {
  if (said.message !== undefined) return said.message;
  const values: Record<string, string | number> = 'values' in said ? said.values : {};
  return ERRORS[said.code].says.replace(/\{(\w+)\}/g, (blank, name: string) => String(values[name] ?? blank));
}

/** An entry with what its kind says where it says nothing itself. */
export function traitsOf(code: ErrorCode): Required<Pick<ErrorEntry, 'kind' | 'fault' | 'retry'>> & ErrorEntry {
  const entry: ErrorEntry = ERRORS[code];
  const { status, retryable } = KINDS[entry.kind];
  return { ...entry, fault: entry.fault ?? (status < 500 ? 'caller' : 'service'), retry: entry.retry ?? retryable };
}

/** Where a code is explained: docs/errors.md as the service shows it. The same at every installation. */
export function typeOf(code: ErrorCode): string {
  return `/docs/errors#${code}`;
}
