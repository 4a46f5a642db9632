import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../common/errors.js';
import { type AppConfig, sealConfig, type Secrets } from './app-config.js';

interface StoredSecrets {
  jwtSecret: string;
  credentialsKey: string;
  adminPassword: string;
}

export interface CompletedSecrets {
  config: AppConfig & { auth: { jwtSecret: string }; credentialsKey: Buffer };
  /** Set when an admin password was made up just now: to be printed once. */
  newAdminPassword: string | undefined;
  /** Where the secrets are kept. */
  file: string;
}

/**
 * Fills in the secrets that the environment left out, from `DATA_DIR/secrets.json` (mode 0600), which is made at the first start.
 * Only called with the embedded database: with DATABASE_URL, `loadConfig` has refused to go on without them.
 * @throws AppError `CONFIG.SECRETS_UNREADABLE`
 */
export function completeSecrets(config: AppConfig): CompletedSecrets {
  const path = join(config.dataDir, 'secrets.json');
  const { made, stored } = readStored(path) ?? makeStored(config.dataDir, path);
  const secrets: Secrets = {
    jwtSecret: config.auth.jwtSecret ?? stored.jwtSecret,
    credentialsKey: config.credentialsKey ?? Buffer.from(stored.credentialsKey, 'base64'),
    adminPassword: config.auth.adminPassword ?? stored.adminPassword,
  };
  return {
    config: sealConfig({
      ...config,
      credentialsKey: secrets.credentialsKey,
      auth: { ...config.auth, jwtSecret: secrets.jwtSecret, adminPassword: secrets.adminPassword },
    }),
    newAdminPassword: made && !config.auth.adminPassword ? secrets.adminPassword : undefined,
    file: path,
  };
}

interface Found {
  /** Whether they were made up just now. */
  made: boolean;
  stored: StoredSecrets;
}

function readStored(path: string): Found | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return { made: false, stored: checkStored(JSON.parse(text)) };
  } catch {
    // The JSON engine's message is dropped, since it quotes the text.
    throw new AppError({
      code: 'CONFIG.SECRETS_UNREADABLE',
      values: { file: path },
    });
  }
}

function checkStored(value: unknown): StoredSecrets {
  const stored = value as StoredSecrets;
  const texts = [stored.jwtSecret, stored.credentialsKey, stored.adminPassword];
  if (texts.some((text) => typeof text !== 'string' || text.length < 8)) throw new Error('a secret is missing');
  if (Buffer.from(stored.credentialsKey, 'base64').length !== 32) throw new Error('not a key');
  return stored;
}

/** The file appears whole or not at all, and never over another one: a second process that starts now takes the first one's. */
function makeStored(dir: string, path: string): Found {
  const stored: StoredSecrets = {
    jwtSecret: randomBytes(48).toString('base64url'),
    credentialsKey: randomBytes(32).toString('base64'),
    adminPassword: randomBytes(15).toString('base64url'),
  };
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(draft, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, path);
    return { made: true, stored };
  } catch (error) {
    const theirs = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readStored(path) : undefined;
    if (!theirs) throw error;
    return theirs;
  } finally {
    rmSync(draft);
  }
}
