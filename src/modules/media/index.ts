/** What other modules may use of this one. */
export {
  finalTargetSec,
  formatPlaylist,
  planTargetSec,
  type PlaylistRun,
  type PlaylistSegment,
} from './domain/media-playlist.js';
export { allowOtherSites } from './media-cors.js';
export { linkOf, type LinkQuery, type MediaLink, MediaLinkSigner } from './media-link.signer.js';
export { PLAYLIST_TYPE, sendPlaylist } from './playlist-response.js';
export { openInTurn, sendStreamBody, type StreamBody } from './stream-body.js';
