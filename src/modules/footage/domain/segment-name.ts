const DIGITS = 9;
const NAME = /^(\d{1,15})\.(mp4|m4s)$/;

/**
 * How segments are written. `mp4`: each is a file that any player opens. `m4s`, in logs of earlier versions: fragments alone, which need
 * the init segment of their capture.
 */
export type SegmentKind = 'mp4' | 'm4s';

/**
 * The file name of a capture's n-th segment, from 1 on: `000000001.mp4`.
 * @param digits fewer in logs of earlier versions
 */
export function formatSegmentName(number: number, digits = DIGITS, kind: SegmentKind = 'mp4'): string {
  return `${String(number).padStart(digits, '0')}.${kind}`;
}

/** The number in the name of a segment file, however many digits it was written with; null: the file is no segment. */
export function parseSegmentName(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** @param name of a segment */
export function segmentKindOf(name: string): SegmentKind {
  return name.endsWith('.m4s') ? 'm4s' : 'mp4';
}

/**
 * The segment files among `names`, in the order in which they were written. Earlier versions wrote six digits, and seven from the
 * millionth segment on, so the order of the text is not theirs.
 */
export function sortSegments(names: readonly string[]): string[] {
  const numbered = names.flatMap((name) => {
    const number = parseSegmentName(name);
    return number === null ? [] : [{ name, number }];
  });
  return numbered.sort((a, b) => a.number - b.number).map(({ name }) => name);
}
