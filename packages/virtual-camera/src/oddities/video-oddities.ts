import { chosen, flagged, numbered, written } from './oddity.js';

/** What the pictures are and where a client meets them. */
export const VIDEO_ODDITIES = {
  startsAnywhere: flagged('media begins at PLAY, in the middle of a group of pictures, and not with a key frame'),
  parameterSets: chosen(
    ['in-band', 'stale'],
    'the SDP has no parameter sets, or those of another size (H.264, H.265)',
    {
      fixed: true,
    },
  ),
  otherSize: written(/^\d{3,4}x\d{2,4}$/, 'WIDTHxHEIGHT', 'pictures are of this size by turns, within one session', {
    fixed: true,
  }),
  otherSizeEverySec: numbered(1, 86_400, 'how long each size lasts (usually 10 s)', { fixed: true }),
} as const;
