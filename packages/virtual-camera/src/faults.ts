/** How the ONVIF services spoil their answers: XML cut off in the middle, an HTML page, nothing at all. */
export type OnvifMalformation = 'xml' | 'html' | 'empty';

/**
 * What is wrong with the camera right now. The servers read it at every step, so a fault begins and ends at once.
 * New faults are added here, with their limits in faults/check-faults.ts and in the one place that acts on them.
 */
export interface Faults {
  /** Connections stay open, requests are answered, no media is sent. What was not sent is lost. */
  stalled: boolean;
  /** The RTSP port is closed for new connections, and DESCRIBE on an open one is answered with 503. */
  refusing: boolean;
  /** RTSP answers 401 whatever is sent; sessions that play go on. */
  wrongPassword: boolean;
  /** DESCRIBE and SETUP are answered with 404. */
  notFound: boolean;
  /** DESCRIBE, SETUP and PLAY are answered with 503. */
  unavailable: boolean;
  /** More RTSP sessions than this are refused with 453; null: as many as the camera's options say. */
  maxSessions: number | null;
  /** Share of the RTP packets that never leave, from 0 to 1. */
  packetLoss: number;
  /** Another seed loses other packets; the same one loses the same packets of the same frames. */
  packetLossSeed: number;
  /** RTP timestamps are ahead by so much; sequence numbers go on. */
  timestampJumpSec: number;
  /** The device's clock is ahead by so much: in RTCP sender reports and in ONVIF. */
  clockJumpSec: number;
  /** The sound's sender reports are by a clock that is ahead of the pictures' by so much. */
  soundClockAheadSec: number;
  /** DESCRIBE, SETUP and PLAY are answered so much later. */
  answerDelayMs: number;
  /** After PLAY the first key frame is looked for only after so long. */
  firstKeyFrameDelayMs: number;
  /** The answer to PLAY has no `RTP-Info`: nothing but sender reports tells how the tracks belong together. */
  rtpInfoMissing: boolean;
  /** The first sender reports come so long after PLAY. */
  firstReportDelayMs: number;
  /** Sound begins at PLAY, before the first key frame. */
  soundFirst: boolean;
  /** ONVIF requests are answered so much later. */
  onvifDelayMs: number;
  onvifMalformed: OnvifMalformation | null;
  /** `host` or `host:port` in stream URIs; null: as the camera's options say. */
  onvifStreamUriHost: string | null;
  /** ONVIF refuses every request that needs credentials. */
  onvifUnauthorized: boolean;
}

export type FaultName = keyof Faults;

export const NO_FAULTS: Readonly<Faults> = {
  stalled: false,
  refusing: false,
  wrongPassword: false,
  notFound: false,
  unavailable: false,
  maxSessions: null,
  packetLoss: 0,
  packetLossSeed: 0,
  timestampJumpSec: 0,
  clockJumpSec: 0,
  soundClockAheadSec: 0,
  answerDelayMs: 0,
  firstKeyFrameDelayMs: 0,
  rtpInfoMissing: false,
  firstReportDelayMs: 0,
  soundFirst: false,
  onvifDelayMs: 0,
  onvifMalformed: null,
  onvifStreamUriHost: null,
  onvifUnauthorized: false,
};

export const FAULT_NAMES = Object.keys(NO_FAULTS) as FaultName[];
