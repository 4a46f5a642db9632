import { Cron } from 'croner';

/** Five fields apart by single spaces: minute, hour, day of the month, month, day of the week. */
const FIVE_FIELDS = /^\S+( \S+){4}$/;

/** What is wrong with a cron expression, in words that go on after "the expression"; null: nothing. */
export function faultOfCron(expression: string): string | null {
  // Croner 11 leaves out half a minute of a pattern with seconds where clocks change (croner#343), and nobody records by the second.
  if (!FIVE_FIELDS.test(expression)) return 'must have five fields: minute, hour, day, month, day of the week';
  try {
    patternOf(expression, 'UTC');
    return null;
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * The instants that an expression means, in order, in milliseconds since the epoch. A fixed hour comes once a day, also where clocks change:
 * at the first instant after a gap, and at the earlier of two. An hour of `*` or of steps goes by the time that passes.
 * @param expression as `faultOfCron` takes it
 * @param afterMs the first one is later than this
 */
export function* cronInstants(expression: string, timeZone: string, afterMs: number): Generator<number, void> {
  const pattern = patternOf(expression, timeZone);
  for (let next = pattern.nextRun(new Date(afterMs)); next; next = pattern.nextRun(next)) yield next.getTime();
}

function patternOf(expression: string, timezone: string): Cron {
  return new Cron(expression, { timezone, mode: '5-part', paused: true });
}
