/** What whoever wants a recording may be told, as the API's document shows it. */
export const NO_CAMERA = {
  status: 404,
  code: 'CAMERA.NOT_FOUND',
  detail: 'There is no camera 6f9619ff-8b86-4d01-b42d-00cf4fc964ff.',
};
export const DISARMED = {
  status: 409,
  code: 'CAMERA.DISABLED',
  detail: 'The camera is disarmed: set its enabled to true before it can record.',
};
export const QUEUE_FULL = {
  status: 503,
  code: 'RECORDING.QUEUE_FULL',
  detail: '1000 recordings are waiting already (MAX_QUEUED_RECORDINGS): nothing was stored, send it again.',
};
export const STOPPING = {
  status: 503,
  code: 'SERVICE.STOPPING',
  detail: 'The service is being stopped: send it again in a moment.',
};
