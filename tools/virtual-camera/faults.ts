/**
 * What is wrong with the camera right now. The servers read it at every step, so a fault begins and ends at once.
 * New faults are added here and in the one place that acts on them.
 */
export interface Faults {
  /** Connections stay open, requests are answered, no media is sent. What was not sent is lost. */
  stalled: boolean;
  /** The RTSP port is closed for new connections, and DESCRIBE on an open one is answered with 503. */
  refusing: boolean;
}

export const NO_FAULTS: Faults = { stalled: false, refusing: false };
