import type { Rule } from '../faults/input.js';
import { decimal, flag, matching, nullable, oneOf } from '../faults/input.js';

/** One way in which a camera may be odd: what it may be set to, what it does, how it is typed. */
export interface Oddity<T> {
  /** What a usual camera has. */
  usual: T;
  rule: Rule;
  /** One line for `--help`. */
  help: string;
  /** What may be typed, for `--help`. */
  form: string;
  /** The value typed; what cannot be read is handed on, so that the rule refuses it. Lists add up over several. */
  read: (typed: readonly string[]) => unknown;
  /** It is decided when the camera starts. */
  fixed: boolean;
}

type Rest = { fixed?: boolean };

const last = (typed: readonly string[]): string => typed.at(-1) ?? '';

/** Off or on. */
export function flagged(help: string, { fixed = false }: Rest = {}): Oddity<boolean> {
  const words: Record<string, boolean> = { '': true, true: true, false: false };
  return { usual: false, rule: flag, help, form: 'true', read: (typed) => words[last(typed)] ?? last(typed), fixed };
}

/** A number in a range; null: as usual. */
export function numbered(min: number, max: number, help: string, { fixed = false }: Rest = {}): Oddity<number | null> {
  const read = (typed: readonly string[]) => {
    const value = Number(last(typed));
    return last(typed).trim() === '' || Number.isNaN(value) ? last(typed) : value;
  };
  return { usual: null, rule: nullable(decimal(min, max)), help, form: `${min}..${max}`, read, fixed };
}

/** One of some words; null: as usual. */
export function chosen<const T extends string>(
  words: readonly T[],
  help: string,
  { fixed = false }: Rest = {},
): Oddity<T | null> {
  return { usual: null, rule: nullable(oneOf(...words)), help, form: words.join('|'), read: last, fixed };
}

/** Text of a form; null: as usual. */
export function written(
  pattern: RegExp,
  form: string,
  help: string,
  { fixed = false }: Rest = {},
): Oddity<string | null> {
  return { usual: null, rule: nullable(matching(pattern, form)), help, form, read: last, fixed };
}

/** Several texts, each of a form. */
export function listed(
  rule: Rule,
  form: string,
  help: string,
  { separator }: { separator?: string } = {},
): Oddity<readonly string[]> {
  const every: Rule = (value) => {
    if (!Array.isArray(value)) return 'must be a list';
    const problem = value.map(rule).find((each) => each !== undefined);
    return problem && `${problem}, each of it`;
  };
  const read = (typed: readonly string[]) =>
    separator === undefined ? [...typed] : typed.flatMap((text) => text.split(separator));
  return { usual: [], rule: every, help, form, read, fixed: false };
}
