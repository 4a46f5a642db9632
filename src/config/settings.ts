import { AppError } from '../common/errors.js';
import type { AppLogger } from '../common/logging.js';
import { type AppConfig, knownVariables, loadConfig } from './app-config.js';
import { type Environment, readEnvironment, type Variables } from './env-file.store.js';
import { findUnknownVariables } from './unknown-variables.js';

/** What a process goes by, and where it has it from. */
export interface Settings {
  config: AppConfig;
  /** All variables, those of `.env` among them. */
  variables: Variables;
  /** The `.env` that was read, or null. */
  file: string | null;
  /** Names that look like ours and that nothing reads, with the one that was probably meant. */
  unknown: string[];
}

/**
 * The settings of this process: its environment, completed by `.env` in the working folder.
 * @throws AppError `CONFIG.INVALID` whose message names every fault, the file and the unknown names; `CONFIG.ENV_FILE_UNREADABLE`
 */
export function loadSettings(dir: string = process.cwd(), own: Variables = process.env): Settings {
  const { variables, file } = readEnvironment(dir, own);
  const unknown = findUnknownVariables(variables, knownVariables()).map(({ name, meant }) =>
    meant === null ? name : `${name} (did you mean ${meant}?)`,
  );
  return { config: loadNamed({ variables, file }, unknown), variables, file, unknown };
}

/** Says where the settings come from: a file that was not read is the first thing to look for when the service does something else. */
export function tellSettings({ file, unknown }: Settings, logger: AppLogger): void {
  if (file === null) logger.info('settings from the environment alone: there is no .env in the working folder');
  else logger.info(`settings from the environment and ${file}`, { file });
  if (unknown.length > 0) {
    logger.warn('variables that nothing reads: they are ignored, see .env.example for the right names', { unknown });
  }
}

function loadNamed({ variables, file }: Environment, unknown: readonly string[]): AppConfig {
  try {
    return loadConfig(variables);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code } = error;
    const hints = [
      ...(file === null ? [] : [`Settings come from the environment and ${file}.`]),
      ...(unknown.length === 0 ? [] : [`Nothing reads ${unknown.join(', ')}.`]),
    ];
    throw new AppError({ code, message: [error.message, ...hints].join('\n'), cause: error });
  }
}
