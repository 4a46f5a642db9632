import { parseArgs } from 'node:util';
import type { CleanupBody } from './run.js';

export const HELP = `npm run cleanup -- [options]

Deletes what is older than it is to be kept, and says what went, or with --dry-run what would go. It asks the running service:
PUBLIC_URL, or PORT on this machine, with ADMIN_USERNAME and ADMIN_PASSWORD, from the environment or from .env.

  --days N         older than N days, in place of the days of the policies
  --max-bytes N    the oldest above so many bytes of a camera and kind, in place of the bytes of the policies
  --camera ID      of this camera only
  --kind KIND      continuous, export, schedule, manual or event (default: all)
  --dry-run        delete nothing
  --help
`;

/** Something that the user typed is wrong; the message says what. */
export class UsageError extends Error {}

/**
 * What the user typed, as the service takes it; null: help is wanted.
 * @throws UsageError
 */
export function parseOptions(args: string[]): CleanupBody | null {
  const values = parse(args);
  if (values.help) return null;
  return {
    dryRun: values['dry-run'],
    ...(values.days === undefined ? {} : { days: parseWhole('days', values.days) }),
    ...(values['max-bytes'] === undefined ? {} : { maxBytes: parseWhole('max-bytes', values['max-bytes']) }),
    ...(values.camera === undefined ? {} : { cameraId: values.camera }),
    ...(values.kind === undefined ? {} : { kind: values.kind as NonNullable<CleanupBody['kind']> }),
  };
}

function parse(args: string[]) {
  const options = {
    days: { type: 'string' },
    'max-bytes': { type: 'string' },
    camera: { type: 'string' },
    kind: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parseWhole(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`--${name} must be a whole number from 1 on, not "${text}"`);
}
