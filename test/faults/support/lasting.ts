const isLong = process.env['HINDSIGHT_LONG_FAULTS'] === '1';

/** How long a fault lasts: what a run of all tests can afford, or, with HINDSIGHT_LONG_FAULTS=1, as long as users know it. */
export function lasting({ ms, longMs }: { ms: number; longMs: number }): number {
  return isLong ? longMs : ms;
}
