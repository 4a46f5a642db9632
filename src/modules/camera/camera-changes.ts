import type { FieldFault } from '../../common/errors.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { Camera } from '../../schema/camera.entity.js';
import type { CameraSecrets } from './camera-secrets.js';
import { checkCredentialsLength, formatStreamUrl, MAX_STREAM_URL_LENGTH, parseStreamUrl } from './domain/stream-url.js';
import type { CreateCameraDto, OnvifChangeDto, UpdateCameraDto } from './dto/camera-input.dto.js';

/** A new camera with the defaults of the table. */
export function newCamera(id: string): Camera {
  return Object.assign(new Camera(), {
    id,
    onvifHost: null,
    onvifPort: null,
    onvifUsername: null,
    onvifPasswordSealed: null,
    onvifProfileToken: null,
    rtspUrl: null,
    rtspUsername: null,
    rtspPasswordSealed: null,
    enabled: true,
    continuous: false,
    recordOn: ['MOTION'],
    preRollSec: 0,
    postRollSec: 0,
    maxRecordingSec: 300,
    overlapPolicy: 'parallel',
    recordAudio: true,
  });
}

/**
 * Puts the input into the row: what is left out stays, null clears, passwords are sealed.
 * @throws AppError `REQUEST.INVALID` when the result makes no usable camera, `CAMERA.CREDENTIALS_TOO_LONG`
 */
export function applyChanges(camera: Camera, input: CreateCameraDto | UpdateCameraDto, secrets: CameraSecrets): void {
  camera.name = input.name ?? camera.name;
  camera.enabled = input.enabled ?? camera.enabled;
  camera.continuous = input.continuous ?? camera.continuous;
  camera.recordOn = input.recordOn ? [...new Set(input.recordOn.map((type) => type.toUpperCase()))] : camera.recordOn;
  camera.preRollSec = input.preRollSec ?? camera.preRollSec;
  camera.postRollSec = input.postRollSec ?? camera.postRollSec;
  camera.maxRecordingSec = input.maxRecordingSec ?? camera.maxRecordingSec;
  camera.overlapPolicy = input.overlapPolicy ?? camera.overlapPolicy;
  camera.recordAudio = input.recordAudio ?? camera.recordAudio;
  if (input.onvif !== undefined) applyOnvif(camera, input.onvif, secrets);
  applyStream(camera, input, secrets);
  const faults = faultsOf(camera);
  if (faults.length > 0) throw invalidInput(faults);
  checkLengths(camera, input);
}

function applyOnvif(camera: Camera, onvif: OnvifChangeDto | null, secrets: CameraSecrets): void {
  if (onvif === null) {
    camera.onvifHost = null;
    camera.onvifPort = null;
    camera.onvifUsername = null;
    camera.onvifPasswordSealed = null;
    camera.onvifProfileToken = null;
    return;
  }
  camera.onvifHost = onvif.host?.toLowerCase() ?? camera.onvifHost;
  camera.onvifPort = onvif.port ?? camera.onvifPort;
  if (onvif.profileToken !== undefined) camera.onvifProfileToken = onvif.profileToken;
  if (onvif.username !== undefined) camera.onvifUsername = onvif.username;
  if (onvif.username === null) camera.onvifPasswordSealed = null;
  if (onvif.password !== undefined) secrets.sealOnvifPassword(camera, onvif.password);
}

function applyStream(camera: Camera, input: CreateCameraDto | UpdateCameraDto, secrets: CameraSecrets): void {
  const url = typeof input.rtspUrl === 'string' ? parseStreamUrl(input.rtspUrl) : undefined;
  if (url) camera.rtspUrl = secrets.sealUrl(camera, formatStreamUrl(url));
  else if (input.rtspUrl === null) camera.rtspUrl = null;
  // Credentials written into the address count unless others are given beside it.
  const inUrl = url?.username !== undefined && input.username === undefined && input.password === undefined;
  const username = inUrl ? url.username : input.username;
  const password = inUrl ? (url.password ?? null) : input.password;
  if (username !== undefined) camera.rtspUsername = username;
  if (username === null) camera.rtspPasswordSealed = null;
  if (password !== undefined) secrets.sealRtspPassword(camera, password);
}

function faultsOf(camera: Camera): FieldFault[] {
  const faults: FieldFault[] = [];
  const add = (field: string, message: string) => faults.push({ field, message });
  if (camera.onvifHost === null && camera.rtspUrl === null) add('onvif', 'onvif or rtspUrl is needed');
  if (camera.onvifHost === null && hasOnvifParts(camera)) add('onvif.host', 'onvif.host is needed');
  if (camera.onvifHost !== null && camera.onvifPort === null) add('onvif.port', 'onvif.port is needed');
  if (camera.onvifPasswordSealed !== null && camera.onvifUsername === null)
    add('onvif.password', 'onvif.password needs onvif.username');
  if (camera.rtspPasswordSealed !== null && camera.rtspUsername === null) add('password', 'password needs username');
  if ((camera.rtspUrl?.length ?? 0) > MAX_STREAM_URL_LENGTH)
    add('rtspUrl', 'rtspUrl is too long for an address with a password in its path');
  return faults;
}

/** Only of what is given now: a password whose key is lost must not stand in the way of a new one. */
function checkLengths({ rtspUsername, onvifUsername }: Camera, input: CreateCameraDto | UpdateCameraDto): void {
  if (rtspUsername !== null) checkCredentialsLength(rtspUsername, input.password);
  else if (onvifUsername !== null) checkCredentialsLength(onvifUsername, input.onvif?.password);
}

function hasOnvifParts(camera: Camera): boolean {
  return [camera.onvifPort, camera.onvifUsername, camera.onvifPasswordSealed, camera.onvifProfileToken].some(
    (part) => part !== null,
  );
}
