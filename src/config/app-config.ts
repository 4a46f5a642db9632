import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { CHILD_ENV_VARIABLE, SECRET_VARIABLES } from '../common/child-environment.js';
import { AppError } from '../common/errors.js';
import { isTimeZone } from '../common/local-days.js';
import type { LogLevel } from '../common/logging.js';
import { redactor } from '../common/redaction.js';
import { EnvReader } from './env-reader.js';
import { type ExportConfig, readExport } from './export-config.js';
import { type FootageConfig, readFootage } from './footage-config.js';
import { type IncidentConfig, readIncidents } from './incident-config.js';
import { type OwnershipConfig, readRecording, type RecordingConfig, type RingConfig } from './recording-config.js';
import { readTimeline, type TimelineConfig } from './timeline-config.js';
import { readRetention, type RetentionConfig } from './retention-config.js';
import { readSchedules, type ScheduleConfig } from './schedule-config.js';
import { readUpload, type UploadConfig } from './upload-config.js';
import { faultOfDatabaseUrl, passwordsOf } from './url-check.js';

export const ROLES = ['all', 'api', 'recorder', 'worker'] as const;
export type ProcessRole = (typeof ROLES)[number];
export const STORAGE_MODES = ['local', 'r2'] as const;
export type StorageMode = (typeof STORAGE_MODES)[number];

export interface R2Config {
  endpoint: string;
  /** Part of every signature: R2 takes `auto`, stores with a region of their own only that. */
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  /** Base of public object URLs; unset: signed URLs are given out instead. */
  publicUrl: string | undefined;
}

/** Secrets that may be missing while the embedded database is used: `completeSecrets` fills them in. */
export interface Secrets {
  jwtSecret: string;
  /** 32 bytes for AES-256-GCM. */
  credentialsKey: Buffer;
  adminPassword: string;
}

/** Everything the environment decides, parsed once at the start. The class doubles as the injection token. */
export class AppConfig {
  readonly role!: ProcessRole;
  readonly logLevel!: LogLevel;
  /** Whose days are meant where a request names no time zone. */
  readonly timeZone!: string;
  readonly http!: {
    port: number;
    host: string;
    /** How clients reach us, without a slash at the end. */
    publicUrl: string;
    /** Largest JSON body; an event with full metadata is a few kB. */
    maxBodyBytes: number;
    /** Failed or not, logins of one address within a minute. */
    loginsPerMinute: number;
    /** Passwords that are checked at once: half of the four threads that the database's connections and the files share. */
    loginsAtOnce: number;
    /** Logins that wait for their turn, below a second at some ten milliseconds each; more are refused at once. */
    loginsWaiting: number;
  };
  readonly database!: {
    /** Undefined: embedded PostgreSQL under `dataDir`. */
    url: string | undefined;
    poolSize: number;
  };
  readonly dataDir!: string;
  readonly recordDir!: string;
  readonly storage!: {
    mode: StorageMode;
    /** Root of the playbacks' objects in local mode. */
    localDir: string;
    r2: R2Config | undefined;
    /** Life of a signed media link. */
    signedUrlTtlSec: number;
    /** Whether HLS players get the bytes of R2 objects from us instead of by signed links: for networks that reach nothing else. */
    hlsProxy: boolean;
  };
  readonly upload!: UploadConfig;
  readonly auth!: {
    jwtSecret: string | undefined;
    jwtExpiresIn: string;
    adminUsername: string;
    adminPassword: string | undefined;
    /** Whether ADMIN_PASSWORD is set: then it stays the administrator's password, else it was only the first one. */
    adminPasswordIsExplicit: boolean;
  };
  readonly credentialsKey!: Buffer | undefined;
  readonly ffmpegPath!: string | undefined;
  readonly ffprobePath!: string | undefined;
  /** Variables that the programs which we start may see, beside the few that each of them needs. */
  readonly childVariables!: readonly string[];
  readonly cameras!: {
    /** Networks in which a camera or its stream may live. */
    allowedCidrs: string[];
    /** An ONVIF or RTSP conversation that takes longer than this has failed. */
    connectTimeoutMs: number;
    /** The longest pause after a refused login: cameras lock an account after some five to ten of them within half an hour. */
    loginRetryMs: number;
  };
  readonly recording!: RecordingConfig;
  readonly ownership!: OwnershipConfig;
  readonly ring!: RingConfig;
  readonly footage!: FootageConfig;
  readonly timeline!: TimelineConfig;
  readonly exports!: ExportConfig;
  readonly retention!: RetentionConfig;
  readonly incidents!: IncidentConfig;
  readonly schedules!: ScheduleConfig;
  readonly jobs!: { concurrency: number };
  /**
   * After a signal to stop, everything is answered for so long while readiness says 503 already: a balancer or Kubernetes needs some
   * seconds until it sends nobody here any more. 0 where nothing stands before the service, since a stop should not last longer than it must.
   */
  readonly shutdownDelayMs!: number;
  /**
   * A stop that takes longer ends the process all the same: FFmpeg's time to write its last fragments (`stopTimeoutMs`), the jobs' to give up,
   * and the embedded database's to shut down, twice over.
   */
  readonly shutdownTimeoutMs!: number;
}

const PRIVATE_CIDRS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
const LOOPBACK_CIDRS = ['127.0.0.0/8', '::1/128'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Parses an environment; its secrets are masked in the log from here on.
 * @throws AppError `CONFIG.INVALID` whose message names every fault
 */
export function loadConfig(env: Record<string, string | undefined>): AppConfig {
  return readConfig(new EnvReader(env));
}

/** The names of all variables that `loadConfig` reads, whatever is set. */
export function knownVariables(): ReadonlySet<string> {
  const reader = new EnvReader({});
  readConfig(reader);
  return reader.known;
}

function readConfig(reader: EnvReader): AppConfig {
  const databaseUrl = readDatabaseUrl(reader);
  const dataDir = resolve(reader.text('DATA_DIR', './data'));
  const mode = reader.oneOf('STORAGE_MODE', STORAGE_MODES, 'local');
  const recording = readRecording(reader);
  const port = reader.int('PORT', 3000, { min: 0, max: 65_535 });
  const config: AppConfig = {
    role: reader.oneOf('ROLE', ROLES, 'all'),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    timeZone: readTimeZone(reader),
    http: {
      port,
      host: reader.text('HOST', '0.0.0.0'),
      publicUrl: reader.url('PUBLIC_URL') ?? `http://localhost:${port}`,
      maxBodyBytes: reader.int('MAX_BODY_BYTES', 262_144, { min: 1_024, max: 16_777_216 }),
      loginsPerMinute: reader.int('LOGINS_PER_MINUTE', 10, { min: 1, max: 10_000 }),
      loginsAtOnce: reader.int('LOGINS_AT_ONCE', 2, { min: 1, max: 64 }),
      loginsWaiting: reader.int('LOGINS_WAITING', 16, { min: 0, max: 1_000 }),
    },
    database: { url: databaseUrl, poolSize: reader.int('DATABASE_POOL_SIZE', 10, { min: 2, max: 200 }) },
    dataDir,
    recordDir: resolve(reader.text('RECORD_DIR', `${dataDir}/recordings`)),
    storage: {
      mode,
      localDir: `${dataDir}/objects`,
      r2: undefined,
      signedUrlTtlSec: reader.int('SIGNED_URL_TTL_SEC', 3_600, { min: 10, max: 604_800 }),
      hlsProxy: reader.oneOf('HLS_PROXY', ['true', 'false'], 'false') === 'true',
    },
    upload: readUpload(reader),
    auth: {
      jwtSecret: reader.optional('JWT_SECRET'),
      jwtExpiresIn: reader.text('JWT_EXPIRES_IN', '24h'),
      adminUsername: reader.text('ADMIN_USERNAME', 'admin'),
      adminPassword: reader.optional('ADMIN_PASSWORD'),
      adminPasswordIsExplicit: reader.optional('ADMIN_PASSWORD') !== undefined,
    },
    credentialsKey: readCredentialsKey(reader),
    ffmpegPath: reader.optional('FFMPEG_PATH'),
    ffprobePath: reader.optional('FFPROBE_PATH'),
    childVariables: readChildVariables(reader),
    cameras: {
      allowedCidrs: readCidrs(reader, databaseUrl === undefined),
      connectTimeoutMs: reader.int('CAMERA_TIMEOUT_MS', 5_000, { min: 100, max: 60_000 }),
      loginRetryMs: reader.int('CAMERA_LOGIN_RETRY_MS', 300_000, { min: 1_000, max: 3_600_000 }),
    },
    ...recording,
    footage: readFootage(reader, { mode, dataDir }),
    timeline: readTimeline(reader),
    exports: readExport(reader),
    retention: readRetention(reader, recording.recording),
    incidents: readIncidents(reader),
    schedules: readSchedules(reader),
    jobs: { concurrency: reader.int('JOB_CONCURRENCY', 4, { min: 1, max: 64 }) },
    shutdownDelayMs: reader.int('SHUTDOWN_DELAY_MS', 0, { min: 0, max: 300_000 }),
    shutdownTimeoutMs: reader.int('SHUTDOWN_TIMEOUT_MS', 20_000, { min: 1_000, max: 600_000 }),
  };
  const inUse = mode === 'r2' || config.footage.store === 'r2';
  const settings = readR2(inUse ? reader : reader.aside());
  const r2 = inUse ? settings : undefined;
  checkAuth(reader, config.auth);
  if (databaseUrl !== undefined) requireSecrets(reader);
  if (reader.faults.length > 0) throw invalidConfig(reader.faults);
  return sealConfig({ ...config, storage: { ...config.storage, r2 } });
}

/** Makes a configuration read-only and its secrets unprintable. */
export function sealConfig<T extends AppConfig>(config: T): T {
  const { auth, storage, credentialsKey, database } = config;
  const secrets = [
    auth.jwtSecret,
    auth.adminPassword,
    storage.r2?.secretAccessKey,
    ...(database.url === undefined ? [] : passwordsOf(database.url)),
    credentialsKey?.toString('base64'),
  ];
  for (const secret of secrets) redactor.add(secret);
  for (const section of [
    config,
    config.http,
    database,
    storage,
    storage.r2,
    config.upload,
    auth,
    config.cameras,
    config.recording,
    config.ownership,
    config.ring,
    config.footage,
    config.timeline,
    config.exports,
    config.retention,
    config.incidents,
    config.schedules,
    config.jobs,
  ]) {
    Object.freeze(section);
  }
  return config;
}

export function invalidConfig(faults: string[]): AppError {
  const list = faults.map((fault) => `\n  - ${fault}`).join('');
  return new AppError({ code: 'CONFIG.INVALID', values: { count: faults.length, faults: list } });
}

function readTimeZone(reader: EnvReader): string {
  const name = reader.text('TIME_ZONE', 'UTC');
  if (!isTimeZone(name))
    reader.faults.push(`TIME_ZONE must be the name of a time zone like Europe/Berlin, not "${name}"`);
  return name;
}

function readCredentialsKey(reader: EnvReader): Buffer | undefined {
  const value = reader.optional('CREDENTIALS_KEY');
  if (value === undefined) return undefined;
  const key = Buffer.from(value, 'base64');
  if (key.length === 32) return key;
  reader.faults.push('CREDENTIALS_KEY must be 32 bytes in base64: openssl rand -base64 32');
  return undefined;
}

function readCidrs(reader: EnvReader, embedded: boolean): string[] {
  const cidrs = reader.list('CAMERA_ALLOWED_CIDRS') ?? [...PRIVATE_CIDRS, ...(embedded ? LOOPBACK_CIDRS : [])];
  for (const cidr of cidrs) {
    if (!ipaddr.isValidCIDR(cidr))
      reader.faults.push(`CAMERA_ALLOWED_CIDRS: "${cidr}" is not a network like 192.168.0.0/16`);
  }
  return cidrs;
}

/** Only checked here: `childEnvironment` reads it for each program. */
function readChildVariables(reader: EnvReader): string[] {
  const names = reader.list(CHILD_ENV_VARIABLE) ?? [];
  for (const name of names.filter((each) => SECRET_VARIABLES.includes(each))) {
    reader.faults.push(`${CHILD_ENV_VARIABLE} may not name ${name}: FFmpeg would get a secret that it has no use for`);
  }
  return names;
}

function readR2(reader: EnvReader): R2Config {
  const required = ['R2_ENDPOINT', 'R2_ACCESS_KEY_ID', 'R2_SECRET_ACCESS_KEY', 'R2_BUCKET_NAME'];
  const missing = required.filter((name) => reader.optional(name) === undefined);
  if (missing.length > 0) reader.faults.push(`the store r2 needs ${missing.join(', ')}`);
  return {
    endpoint: reader.url('R2_ENDPOINT') ?? '',
    region: reader.text('S3_REGION', 'auto'),
    accessKeyId: reader.text('R2_ACCESS_KEY_ID', ''),
    secretAccessKey: reader.text('R2_SECRET_ACCESS_KEY', ''),
    bucket: reader.text('R2_BUCKET_NAME', ''),
    publicUrl: reader.url('R2_PUBLIC_URL'),
  };
}

function readDatabaseUrl(reader: EnvReader): string | undefined {
  const url = reader.optional('DATABASE_URL');
  const fault = url === undefined ? null : faultOfDatabaseUrl(url);
  if (fault !== null) reader.faults.push(`DATABASE_URL ${fault}`);
  return url;
}

function checkAuth(
  reader: EnvReader,
  { jwtSecret, jwtExpiresIn, adminUsername, adminPassword }: AppConfig['auth'],
): void {
  if (!/^[1-9]\d{0,5}[smhd]$/.test(jwtExpiresIn)) {
    reader.faults.push(`JWT_EXPIRES_IN must be a number and a unit like 15m, 24h or 7d, not "${jwtExpiresIn}"`);
  }
  if (adminUsername.length > 100) reader.faults.push('ADMIN_USERNAME is longer than 100 characters');
  if (jwtSecret && jwtSecret.length < 32) reader.faults.push('JWT_SECRET is too short: at least 32 characters');
  if (adminPassword && (adminPassword.length < 8 || adminPassword.length > 200)) {
    reader.faults.push('ADMIN_PASSWORD must have 8 to 200 characters');
  }
}

/** With a database of one's own nothing is made up: a secret that changes with the machine would lock everybody out. */
function requireSecrets(reader: EnvReader): void {
  if (!reader.optional('JWT_SECRET')) reader.faults.push('JWT_SECRET is missing (at least 32 characters)');
  if (!reader.optional('ADMIN_PASSWORD')) reader.faults.push('ADMIN_PASSWORD is missing (at least 8 characters)');
  if (!reader.optional('CREDENTIALS_KEY')) reader.faults.push('CREDENTIALS_KEY is missing (32 bytes in base64)');
}
