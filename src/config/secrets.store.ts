import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppConfig, Secrets } from './app-config.js';

interface StoredSecrets {
  jwtSecret: string;
  credentialsKey: string;
  adminPassword: string;
}

export interface CompletedSecrets {
  config: AppConfig & { auth: { jwtSecret: string }; credentialsKey: Buffer };
  /** Set when an admin password was made up just now: to be printed once. */
  newAdminPassword: string | undefined;
}

/**
 * Fills in the secrets that the environment left out, from `DATA_DIR/secrets.json` (mode 0600), which is made at the first start.
 * Only called with the embedded database: with DATABASE_URL, `loadConfig` has refused to go on without them.
 */
export function completeSecrets(config: AppConfig): CompletedSecrets {
  const path = join(config.dataDir, 'secrets.json');
  const stored = readStored(path);
  const made = stored ?? makeSecrets();
  if (!stored) {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  }
  const secrets: Secrets = {
    jwtSecret: config.auth.jwtSecret ?? made.jwtSecret,
    credentialsKey: config.credentialsKey ?? Buffer.from(made.credentialsKey, 'base64'),
    adminPassword: config.auth.adminPassword ?? made.adminPassword,
  };
  return {
    config: {
      ...config,
      credentialsKey: secrets.credentialsKey,
      auth: { ...config.auth, jwtSecret: secrets.jwtSecret, adminPassword: secrets.adminPassword },
    },
    newAdminPassword: !stored && !config.auth.adminPassword ? secrets.adminPassword : undefined,
  };
}

function readStored(path: string): StoredSecrets | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as StoredSecrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function makeSecrets(): StoredSecrets {
  return {
    jwtSecret: randomBytes(48).toString('base64url'),
    credentialsKey: randomBytes(32).toString('base64'),
    adminPassword: randomBytes(15).toString('base64url'),
  };
}
