/** What the routes of a stream answer beside the usual, for the OpenAPI document. */
export const LINK_INVALID = {
  status: 401,
  code: 'PLAYBACK.LINK_INVALID',
  detail: 'This link has expired or is not one of ours: ask GET /playbacks/:id/download-url for a new one.',
};
export const NO_PICTURE = {
  status: 409,
  code: 'PLAYBACK.NOT_READY',
  detail: 'There is no picture to watch yet: try again in a moment.',
};
export const NOT_STREAMABLE = {
  status: 409,
  code: 'PLAYBACK.NOT_STREAMABLE',
  detail: 'This video was stored without an index for streaming: load it from /video.',
};
export const LIVE_ELSEWHERE = {
  status: 409,
  code: 'PLAYBACK.LIVE_ELSEWHERE',
  detail:
    'The footage still lies on a recorder whose disk cannot be read from here: ask that one, or wait for the video.',
};
export const SEGMENT_NOT_FOUND = {
  status: 404,
  code: 'PLAYBACK.SEGMENT_NOT_FOUND',
  detail: 'There is no such segment in this playback: load its playlist again.',
};
