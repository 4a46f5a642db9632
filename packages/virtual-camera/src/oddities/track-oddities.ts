import { chosen, flagged, numbered } from './oddity.js';

/** Which tracks there are, in which order, and which of them carry nothing. */
export const TRACK_ODDITIES = {
  soundNever: flagged('the sound is announced and set up, and not one packet of it comes'),
  soundStartSec: numbered(-600, 600, 'sound begins so long after the pictures; below 0: the pictures after the sound'),
  soundStopSec: numbered(0, 86_400, 'no more sound so long after PLAY'),
  soundSetupStatus: numbered(400, 599, 'SETUP of the sound is refused with this status'),
  soundFirstInSdp: flagged('the sound stands before the video in the SDP'),
  backChannel: chosen(
    ['first', 'middle', 'last'],
    'a track for sound towards the camera (PCMU, a=sendonly), before all, before or after the sound',
  ),
  emptyVideo: chosen(['jpeg', 'h264', 'h265'], 'a video track that carries nothing stands before the real one'),
  dataTrack: chosen(
    ['onvif', 'metadata', 'no-rtpmap', 'tp-link', 'null'],
    'a last track that carries nothing: vnd.onvif.metadata, m=metadata, m=application without rtpmap, the line of TP-Link, codec (null)',
  ),
  videoPayloadType: numbered(35, 127, 'RTP payload type of the video'),
} as const;
