import { chown } from 'node:fs/promises';
import { runChild } from '../../common/child.process.js';
import { canDieWithParent, dieWithParent } from '../../common/parent-death.process.js';

/** Unprivileged and present on every Linux: PostgreSQL refuses to run as root. */
const UNPRIVILEGED_USER = 'nobody';

/** Who PostgreSQL runs as. */
export interface PostgresAccount {
  /** For `spawn`. */
  ids: { uid?: number; gid?: number };
  /** Program and arguments that run a PostgreSQL binary as that user and, where possible, end it with this process. */
  wrap(program: string, args: string[]): [string, string[]];
  /** Gives a path to that user. */
  own(path: string): Promise<void>;
}

/**
 * Ourselves, or as root an unprivileged user that keeps the right to pass through folders: a checkout in a root-only folder
 * (a home, a mktemp) could not be entered otherwise.
 */
export async function findPostgresAccount(): Promise<PostgresAccount> {
  const behind = (flags: string[]): PostgresAccount['wrap'] => {
    return (program, args) => dieWithParent(program, args, { signal: 'INT', flags });
  };
  if (process.getuid?.() !== 0) return { ids: {}, wrap: behind([]), own: () => Promise.resolve() };
  const uid = Number((await runChild('id', ['-u', UNPRIVILEGED_USER])).stdout);
  const gid = Number((await runChild('id', ['-g', UNPRIVILEGED_USER])).stdout);
  const own = (path: string) => chown(path, uid, gid);
  if (!canDieWithParent()) return { ids: { uid, gid }, wrap: (program, args) => [program, args], own };
  // access(2) drops capabilities for users other than root, unless no_setuid_fixup is set; initdb looks at its binaries with it.
  const caps = ['--securebits', '+no_setuid_fixup', '--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const flags = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', ...caps];
  return { ids: {}, wrap: behind(flags), own };
}
