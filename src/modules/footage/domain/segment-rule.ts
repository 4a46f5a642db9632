/** When a segment of the log is closed: at a key frame, once it is long and large enough. */
export interface SegmentRule {
  segmentMs: number;
  /** It is not closed before it has so much, until it is `maxMs` long. */
  minBytes: number;
  maxMs: number;
  /** It is closed here at any fragment: an index bounds the length of what is in it. */
  boundMs: number;
  /** Whether the first segment of a capture has a length of its own. */
  isSpread: boolean;
}

/** Whether what comes next begins a segment of its own. @param segment what is in the open one */
export function isFull(
  { segmentMs, minBytes, maxMs, boundMs }: SegmentRule,
  segment: { lengthMs: number; sizeBytes: number },
  next: { isSync: boolean },
): boolean {
  const { lengthMs, sizeBytes } = segment;
  if (!next.isSync) return lengthMs >= boundMs;
  return lengthMs >= segmentMs && (sizeBytes >= minBytes || lengthMs >= maxMs);
}

/** The rule for the first segment of a capture: so cameras that all start at once do not close their segments in the same second for ever. */
export function firstRule(rule: SegmentRule, cameraId: string): SegmentRule {
  return rule.isSpread ? { ...rule, segmentMs: rule.segmentMs * shareOf(cameraId) } : rule;
}

/** From a half to three halves, by the name. */
function shareOf(cameraId: string): number {
  let hash = 0;
  for (const character of cameraId) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return 0.5 + (hash % 1_024) / 1_024;
}
