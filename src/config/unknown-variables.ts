import type { Variables } from './env-file.store.js';

/** A variable that looks like one of ours and that nothing reads. Its value is nobody's business: it may be a secret. */
export interface UnknownVariable {
  name: string;
  /** The variable that was probably meant. */
  meant: string | null;
}

/** A shorter first word, like MAX or LOG, means us only with its underscore: other programs have LOGNAME and MAXMEM. */
const MIN_STEM_LENGTH = 5;
/** Two slips of the finger; in a shorter name two letters make another word. */
const MAX_SLIPS = 2;
const MIN_SLIPPED_LENGTH = 8;

/**
 * Names in `variables` that begin like one of the `known` names, or that are spelt almost like one, and are not known.
 * Kubernetes sets `X_SERVICE_HOST` and its companions for each Service called `x`: those are nobody's mistake.
 */
export function findUnknownVariables(variables: Variables, known: ReadonlySet<string>): UnknownVariable[] {
  const stems = new Set([...known].filter((name) => name.includes('_')).map((name) => name.split('_')[0]!));
  return Object.keys(variables)
    .filter((name) => !known.has(name) && !isServiceLink(name, variables))
    .map((name) => ({ name, meant: findNearest(name, known) }))
    .filter(({ name, meant }) => meant !== null || hasStem(name.toUpperCase(), stems))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function hasStem(name: string, stems: ReadonlySet<string>): boolean {
  return [...stems].some((stem) => name.startsWith(stem.length < MIN_STEM_LENGTH ? `${stem}_` : stem));
}

function isServiceLink(name: string, variables: Variables): boolean {
  const service = /^(.+?)_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_.+)?)?)$/.exec(name)?.[1];
  return service !== undefined && variables[`${service}_SERVICE_HOST`] !== undefined;
}

function findNearest(name: string, known: ReadonlySet<string>): string | null {
  if (name.length < MIN_SLIPPED_LENGTH) return known.has(name.toUpperCase()) ? name.toUpperCase() : null;
  const ranked = [...known]
    .filter((candidate) => candidate.length >= MIN_SLIPPED_LENGTH)
    .map((candidate) => ({ candidate, slips: countSlips(name.toUpperCase(), candidate) }))
    .sort((a, b) => a.slips - b.slips);
  const [best] = ranked;
  return best && best.slips <= MAX_SLIPS ? best.candidate : null;
}

/** Letters to add, drop or change that make `a` into `b` (Levenshtein distance). */
function countSlips(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
