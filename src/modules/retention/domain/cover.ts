/** Milliseconds since the epoch; half-open. */
export interface Span {
  startMs: number;
  endMs: number;
}

/** Seams between segments are no holes. */
const SEAM_MS = 1_000;

/** What of a range there is footage of, and what there is none of; both in order, together the whole range but for seams. */
export function coverOf(range: Span, segments: readonly Span[]): { covered: Span[]; missing: Span[] } {
  const covered: Span[] = [];
  const missing: Span[] = [];
  let atMs = range.startMs;
  for (const { startMs, endMs } of [...segments].sort((a, b) => a.startMs - b.startMs)) {
    const [from, to] = [Math.max(startMs, range.startMs), Math.min(endMs, range.endMs)];
    if (to <= atMs || from >= to) continue;
    const last = covered.at(-1);
    if (from - atMs > (last ? SEAM_MS : 0)) missing.push({ startMs: atMs, endMs: from });
    else if (last) {
      last.endMs = atMs = to;
      continue;
    }
    covered.push({ startMs: Math.max(from, atMs), endMs: to });
    atMs = to;
  }
  if (atMs < range.endMs) missing.push({ startMs: atMs, endMs: range.endMs });
  return { covered, missing };
}
