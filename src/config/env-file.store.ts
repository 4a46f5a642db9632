import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { AppError } from '../common/errors.js';

export type Variables = Record<string, string | undefined>;

/** The settings of a process before anybody has looked at them. */
export interface Environment {
  variables: Variables;
  /** The `.env` that was read, or null when there is none. */
  file: string | null;
}

/**
 * The environment `own`, completed by `.env` in the folder `dir`. What `own` sets wins; a variable that is empty there counts as unset.
 * `own` itself stays as it is, so that no child process inherits the file.
 * @throws AppError `CONFIG.ENV_FILE_UNREADABLE` when there is something of that name that is no readable file
 */
export function readEnvironment(dir: string, own: Variables): Environment {
  const file = join(dir, '.env');
  const text = readText(file);
  if (text === null) return { variables: own, file: null };
  const variables: Variables = { ...parseEnv(text) };
  for (const [name, value] of Object.entries(own)) {
    if (value?.trim() || variables[name] === undefined) variables[name] = value;
  }
  return { variables, file };
}

/** Without the byte-order mark that some editors write, which would become a part of the first name. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || !maySearch(dirname(file))) return null;
    const reason = code === 'EISDIR' ? 'it is a folder' : (code ?? 'unknown error');
    throw new AppError({ code: 'CONFIG.ENV_FILE_UNREADABLE', values: { file, reason }, cause: error });
  }
}

/** In a folder that is closed to this user nobody has put a file for it. */
function maySearch(dir: string): boolean {
  try {
    accessSync(dir, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
