const DIGITS = 9;
const NAME = /^(\d{1,15})\.m4s$/;

/**
 * The file name of a capture's n-th segment, from 1 on: `000000001.m4s`.
 * @param digits fewer in logs of earlier versions
 */
export function formatSegmentName(number: number, digits = DIGITS): string {
  return `${String(number).padStart(digits, '0')}.m4s`;
}

/** The number in the name of a segment file, however many digits it was written with; null: the file is no segment. */
export function parseSegmentName(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
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
