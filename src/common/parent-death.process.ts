import { accessSync, constants } from 'node:fs';
import { succeeds } from './child.process.js';

const SETPRIV = '/usr/bin/setpriv';
/**
 * The kernel tells a death only to those who have asked before: a parent that died in between is seen by its number.
 * $0 is the pid that must be the parent; `exec` keeps the pid, so that signals reach the program itself.
 */
const UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"';

let tiesLives: boolean | undefined;

/** Whether this machine can end a child together with us: util-linux' setpriv from 2.33 on, not busybox'. */
export function canDieWithParent(): boolean {
  tiesLives ??= succeeds(SETPRIV, ['--pdeathsig', 'KILL', '--', '/bin/sh', '-c', ':']);
  return tiesLives;
}

/**
 * How to start a program that gets `signal` the moment this process ends, however it ends; as it is where that is not possible.
 * @param flags more for setpriv, which are in force before the program starts
 * @returns program and arguments for `spawn`; the child's pid is the program's own
 */
export function dieWithParent(
  program: string,
  args: readonly string[],
  { signal, flags = [] }: { signal: 'INT' | 'KILL'; flags?: readonly string[] },
): [program: string, args: string[]] {
  // A program that is not there is told best by `spawn` itself.
  if (!canDieWithParent() || !isThere(program)) return [program, [...args]];
  const guarded = ['/bin/sh', '-c', UNLESS_ORPHANED, String(process.pid), program, ...args];
  return [SETPRIV, [...flags, '--pdeathsig', signal, '--', ...guarded]];
}

function isThere(program: string): boolean {
  if (!program.includes('/')) return true; // on PATH, where it was found before
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
