/**
 * Where the player's time lies on the wall clock: spans of footage `{startAtMs, endAtMs, startSec}`, ascending. The player's time
 * leaves gaps out, the wall clock does not.
 */

/** Two segments are one span when less than this is between them. */
const TOGETHER_MS = 300;

/** @param fragments of hls.js: `{programDateTime, start, duration}` */
export function spansOf(fragments) {
  const spans = [];
  for (const { programDateTime, start, duration } of fragments) {
    if (programDateTime === null) continue;
    const endAtMs = programDateTime + duration * 1_000;
    const last = spans.at(-1);
    if (last && Math.abs(programDateTime - last.endAtMs) < TOGETHER_MS) last.endAtMs = endAtMs;
    else spans.push({ startAtMs: programDateTime, endAtMs, startSec: start });
  }
  return spans;
}

/** The wall clock at a moment of the player. */
export function wallOf(spans, sec) {
  const span = spans.findLast(({ startSec }) => startSec <= sec) ?? spans[0];
  return span ? span.startAtMs + (sec - span.startSec) * 1_000 : null;
}

/** The player's time at a moment of the wall clock; in a gap, where footage goes on. */
export function secOf(spans, atMs) {
  const span = spans.find(({ endAtMs }) => atMs < endAtMs) ?? spans.at(-1);
  if (!span) return 0;
  const inside = Math.min(Math.max(atMs, span.startAtMs), span.endAtMs) - span.startAtMs;
  return span.startSec + inside / 1_000;
}

/** What lies between the spans. */
export function holesOf(spans) {
  return spans.slice(1).map(({ startAtMs }, index) => ({ startAtMs: spans[index].endAtMs, endAtMs: startAtMs }));
}
