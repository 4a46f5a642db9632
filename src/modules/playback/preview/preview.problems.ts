/** What the routes of previews answer beside the usual, for the OpenAPI document. */
export const NOT_READY = {
  status: 409,
  code: 'PLAYBACK.NOT_READY',
  detail: 'The video is being stored: try again when the playback is COMPLETED.',
};
export const PICTURE_NOT_READY = {
  status: 409,
  code: 'PLAYBACK.PICTURE_NOT_READY',
  detail:
    'This picture is made after the video is stored: try again in a moment. If it does not come, the log of the recorders says why.',
};
export const NO_PICTURE = {
  status: 409,
  code: 'PLAYBACK.NO_PICTURE',
  detail: 'There are no pictures of this playback: its video was stored without an index of its key frames.',
};
export const NO_MEDIA_INFO = {
  status: 409,
  code: 'PLAYBACK.NO_MEDIA_INFO',
  detail: 'Nothing is known of the streams of this playback: its video was stored before they were looked into.',
};
export const PICTURE_MISSING = {
  status: 404,
  code: 'PLAYBACK.OBJECT_MISSING',
  detail: 'The picture is not in the store any more: somebody removed it there.',
};
