import { spawn } from 'node:child_process';

export interface ShellResult {
  code: number | null;
  /** Everything it wrote, to both streams. */
  output: string;
}

export interface ShellOptions {
  cwd: string;
  env: Record<string, string | undefined>;
  /** After that the whole group is killed. */
  timeoutMs: number;
}

/** Runs a script in bash, as somebody would type it, and ends at the first line that fails. */
export async function runScript(script: string, { cwd, env, timeoutMs }: ShellOptions): Promise<ShellResult> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env: { ...process.env, ...env },
    // A group of its own, so that what it leaves in the background can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const endGroup = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // nobody is left
    }
  };
  const timer = setTimeout(endGroup, timeoutMs);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  endGroup();
  return { code, output };
}
