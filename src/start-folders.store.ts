import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { AppError } from './common/errors.js';
import type { AppConfig } from './config/app-config.js';
import { currentUser, describeReason } from './start-fault.js';

interface Folder {
  variable: 'DATA_DIR' | 'RECORD_DIR';
  path: string;
  mode: number;
}

/**
 * Makes the folders that this process is going to write to, and sees that it may. A full disk is no fault here: what is on it is still
 * served, and there may be room later.
 * @throws AppError `CONFIG.FOLDER_UNUSABLE` with one sentence for each that cannot be used
 */
export function prepareFolders(config: AppConfig): void {
  const faulty: { path: string; fault: string }[] = [];
  for (const folder of foldersOf(config)) {
    if (faulty.some(({ path }) => folder.path.startsWith(path + sep))) continue;
    const fault = findFault(folder);
    if (fault !== null) faulty.push({ path: folder.path, fault });
  }
  if (faulty.length === 0) return;
  const message = faulty.map(({ fault }) => fault).join('\n');
  throw new AppError({ code: 'CONFIG.FOLDER_UNUSABLE', message });
}

/** A process that keeps nothing on disk must start where there is nothing to write to. */
function foldersOf({ role, dataDir, recordDir, database, storage }: AppConfig): Folder[] {
  const embedded = database.url === undefined;
  const records = role === 'all' || role === 'recorder';
  return [
    ...(embedded || storage.mode === 'local'
      ? // Secrets and the database itself are nobody else's.
        [{ variable: 'DATA_DIR' as const, path: dataDir, mode: embedded ? 0o700 : 0o777 }]
      : []),
    ...(records ? [{ variable: 'RECORD_DIR' as const, path: recordDir, mode: 0o777 }] : []),
  ];
}

function findFault({ variable, path, mode }: Folder): string | null {
  const advice = 'give it to this user, or name another folder';
  try {
    if (!existsSync(path)) makeFolder(path, mode);
    if (!statSync(path).isDirectory()) return `${variable} ${path} is no folder: name another one.`;
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `${variable} ${path} cannot be written by ${currentUser()}: ${describeReason(code)}; ${advice}.`;
  }
}

/** Folder by folder: `recursive` goes round for ever where the system says ENOENT to a new folder, as in /proc. */
function makeFolder(path: string, mode: number): void {
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was first
  }
}
