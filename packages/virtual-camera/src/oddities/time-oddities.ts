import { chosen, flagged, numbered, written } from './oddity.js';

/** Numbers above 0, in pairs. */
const SCHEDULE = /^((^|,)(?=[\d.]*[1-9])\d+(\.\d+)?:(?=[\d.]*[1-9])\d+(\.\d+)?)+$/;

/** When frames leave and what the RTP stamps and reports say of it. */
export const TIME_ODDITIES = {
  sentFps: numbered(0.1, 120, 'pictures really taken and sent per second; SDP and parameter sets go on to say fps', {
    fixed: true,
  }),
  rateSchedule: written(SCHEDULE, 'FPS:SEC,FPS:SEC,…', 'pictures per second by turns, over and over: 25:6,1:8', {
    fixed: true,
  }),
  stampedFps: numbered(0.1, 120, 'RTP stamps of the pictures step as if so many were sent per second'),
  stampsEqual: flagged('all pictures have one and the same RTP stamp'),
  stampJitterMs: numbered(0, 1000, 'RTP stamps of the pictures are up to so much too early or too late'),
  rtpWrapSec: numbered(0, 40_000, 'RTP stamps pass 2^32 so long after PLAY'),
  firstSequence: numbered(0, 65_535, 'RTP sequence number of the first packet of each track'),
  reports: chosen(['none', 'video', 'sound'], 'sender reports come for no track, or for this one only'),
  reportEverySec: numbered(0.1, 600, 'seconds between sender reports (usually 5)'),
  rtpInfo: chosen(
    ['none', 'play-time', 'no-time', 'no-sequence'],
    'RTP-Info is missing, names one instant for all tracks (usually the first packet of each), or lacks a part',
  ),
} as const;
