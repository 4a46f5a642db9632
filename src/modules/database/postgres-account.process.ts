import { chown } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { runChild } from '../../common/child.process.js';
import { canDieWithParent, dieWithParent } from '../../common/parent-death.process.js';
import { embeddedFailed } from './embedded-postgres-error.js';

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

/** initdb asks the system for the name of its user, and ends when there is none. */
function requireEntry(): void {
  try {
    userInfo();
  } catch (error) {
    const message =
      `The user of this process (uid ${process.getuid?.()}) has no entry in /etc/passwd, which the embedded PostgreSQL needs:` +
      ' set DATABASE_URL to a PostgreSQL of yours, or run as a user with a name.';
    throw embeddedFailed(message, error);
  }
}

/**
 * Ourselves, or as root an unprivileged user that keeps the right to pass through folders: a checkout in a root-only folder
 * (a home, a mktemp) could not be entered otherwise.
 * @throws AppError `DATABASE.EMBEDDED_FAILED` when there is nobody whom PostgreSQL could run as
 */
export async function findPostgresAccount(): Promise<PostgresAccount> {
  const behind = (flags: string[]): PostgresAccount['wrap'] => {
    return (program, args) => dieWithParent(program, args, { signal: 'INT', flags });
  };
  if (process.getuid?.() !== 0) {
    requireEntry();
    return { ids: {}, wrap: behind([]), own: () => Promise.resolve() };
  }
  const [uid, gid] = await Promise.all([findId('-u'), findId('-g')]);
  const own = (path: string) => chown(path, uid, gid);
  if (!canDieWithParent()) return { ids: { uid, gid }, wrap: (program, args) => [program, args], own };
  // access(2) drops capabilities for users other than root, unless no_setuid_fixup is set; initdb looks at its binaries with it.
  const caps = ['--securebits', '+no_setuid_fixup', '--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const flags = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', ...caps];
  return { ids: {}, wrap: behind(flags), own };
}

async function findId(option: '-u' | '-g'): Promise<number> {
  try {
    return Number((await runChild('id', [option, UNPRIVILEGED_USER])).stdout);
  } catch (error) {
    const message = `PostgreSQL does not run as root, and there is no user "${UNPRIVILEGED_USER}" here: run the service as another user.`;
    throw embeddedFailed(message, error);
  }
}
