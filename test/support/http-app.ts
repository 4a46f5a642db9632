import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module, type ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { Clock, SystemClock } from '../../src/common/clock.js';
import { AppLogger, createLogger } from '../../src/common/logging.js';
import { AppConfig, loadConfig } from '../../src/config/app-config.js';
import { createHttpApp } from '../../src/http-app.js';
import { AuthModule } from '../../src/modules/auth/auth.module.js';
import { CatalogueModule } from '../../src/modules/catalogue/catalogue.module.js';
import { DiskModule } from '../../src/modules/footage/disk.module.js';
import { FootageReaderModule } from '../../src/modules/footage/footage-reader.module.js';
import { HealthModule } from '../../src/modules/health/health.module.js';
import { IncidentModule } from '../../src/modules/incident/incident.module.js';
import { StorageModule } from '../../src/modules/storage/storage.module.js';
import type { TestDatabase } from './database.js';

const FOUNDATION = [
  ...[AuthModule, CatalogueModule, DiskModule, FootageReaderModule],
  ...[HealthModule, IncidentModule, StorageModule],
];

export const ADMIN_PASSWORD = 'admin-password-of-the-tests';
export const JWT_SECRET = 'jwt-secret-of-the-tests-'.repeat(2);

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body, or {} when it is not JSON; a test knows what it expects in there. */
  json: Record<string, ReturnType<typeof JSON.parse>>;
}

export interface CallOptions {
  token?: string;
  /** Sent as JSON; a string goes out as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestApp {
  app: NestExpressApplication;
  url: string;
  /** Every log line of this application. */
  lines: string[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** A token of the administrator, or of a new user with that role. */
  tokenOf(role: 'ADMIN' | 'OPERATOR' | 'VIEWER'): Promise<string>;
  close(): Promise<void>;
}

/**
 * Auth, health, local storage and the given modules over real HTTP on a free port and a real database,
 * with what `main.ts` would provide globally.
 */
export async function startTestApp(
  database: TestDatabase,
  env: Record<string, string> = {},
  {
    imports = [],
    providers = [],
    controllers = [],
  }: Pick<ModuleMetadata, 'imports' | 'providers' | 'controllers'> = {},
): Promise<TestApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'hindsight-app-'));
  const lines: string[] = [];
  const logger = createLogger('debug', (line) => lines.push(line));
  const config = loadConfig({
    DATA_DIR: dataDir,
    MIN_FREE_DISK_BYTES: '0',
    JWT_SECRET,
    ADMIN_PASSWORD,
    LOGINS_PER_MINUTE: '1000',
    // A test that is about incidents looks for them itself.
    INCIDENT_CHECK_MS: '3600000',
    ...env,
  });
  const globals = [
    { provide: AppConfig, useValue: config },
    { provide: AppLogger, useValue: logger },
    { provide: Clock, useClass: SystemClock },
    { provide: DataSource, useValue: database.dataSource },
    ...providers,
  ];
  @Global()
  @Module({ providers: globals, exports: globals })
  class GlobalsModule {}
  @Module({ imports: [GlobalsModule, ...FOUNDATION, ...imports], controllers })
  class RootModule {}
  const removeData = () => rm(dataDir, { recursive: true, force: true });
  const app = await listening(RootModule, config, logger).catch(async (error: unknown) => {
    await removeData();
    throw error;
  });
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const call = (method: string, path: string, options?: CallOptions) => callJson(`${url}${path}`, method, options);
  const close = async () => {
    await app.close();
    await removeData();
  };
  return { app, url, lines, call, tokenOf: (role) => tokenOf(call, role), close };
}

async function listening(...of: Parameters<typeof createHttpApp>): Promise<NestExpressApplication> {
  const app = await createHttpApp(...of);
  await app.listen(0, '127.0.0.1');
  return app;
}

async function callJson(url: string, method: string, { token, body, headers }: CallOptions = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const json = (isJson ? JSON.parse(text) : {}) as Answer['json'];
  return { status: response.status, headers: response.headers, text, json };
}

async function tokenOf(call: TestApp['call'], role: string): Promise<string> {
  const login = async (username: string, password: string): Promise<string> => {
    const { status, json } = await call('POST', '/auth/login', { body: { username, password } });
    if (status !== 200) throw new Error(`login answered ${status}`);
    return json['accessToken'] as string;
  };
  const admin = await login('admin', ADMIN_PASSWORD);
  if (role === 'ADMIN') return admin;
  const username = `${role.toLowerCase()}-${Math.random().toString(36).slice(2)}`;
  const password = 'password-of-the-tests';
  await call('POST', '/users', { token: admin, body: { username, password, role } });
  return login(username, password);
}
