import {
  type ChildProcess,
  execFile,
  type ExecFileOptions,
  spawn,
  type SpawnOptions,
  spawnSync,
} from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from './child-environment.js';

const run = promisify(execFile);

/** What this process goes by. */
let variables: Readonly<Record<string, string | undefined>> = process.env;

/** Children may get variables out of the settings' file, too, when CHILD_ENV names them. @param all with those of this process */
export function passOnFrom(all: Readonly<Record<string, string | undefined>>): void {
  variables = all;
}

/** Options of `spawn`, without the environment: that is `childEnvironment`'s and cannot be handed in. */
export interface ChildOptions extends Omit<SpawnOptions, 'env'> {
  /** More variables, for this child alone. */
  variables?: Readonly<Record<string, string>>;
}

/** Starts a program. All programs are started by the functions of this file, so that none gets this process's environment. */
export function spawnChild(
  program: string,
  args: readonly string[],
  { variables: extra, ...options }: ChildOptions,
): ChildProcess {
  return spawn(program, args, { ...options, env: childEnvironment(variables, extra) });
}

/** Runs a program to its end; rejects as `execFile` does. */
export async function runChild(
  program: string,
  args: readonly string[],
  options: Omit<ExecFileOptions, 'env' | 'encoding'> = {},
): Promise<{ stdout: string; stderr: string }> {
  return run(program, args, { ...options, encoding: 'utf8', env: childEnvironment(variables) });
}

/** Whether a program ends with exit code 0; waits for it. */
export function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { env: childEnvironment(variables) }).status === 0;
}
