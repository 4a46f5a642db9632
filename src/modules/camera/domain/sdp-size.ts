import { ANSWER_LIMITS } from './answer-limits.js';

/** Whether a session description has more lines or streams than `ANSWER_LIMITS` allows: nothing is made of one that does. */
export function isSdpTooLarge(sdp: string): boolean {
  const lines = sdp.split(/[\r\n]+/, ANSWER_LIMITS.sdpLines + 1);
  const streams = lines.filter((line) => line.startsWith('m='));
  return lines.length > ANSWER_LIMITS.sdpLines || streams.length > ANSWER_LIMITS.sdpStreams;
}
