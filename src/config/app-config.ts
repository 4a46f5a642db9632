import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { AppError } from '../common/errors.js';
import type { LogLevel } from '../common/logging.js';
import { redactor } from '../common/redaction.js';
import { EnvReader } from './env-reader.js';
import { readUpload, type UploadConfig } from './upload-config.js';

export const ROLES = ['all', 'api', 'recorder', 'worker'] as const;
export type ProcessRole = (typeof ROLES)[number];
export const STORAGE_MODES = ['local', 'r2'] as const;
export type StorageMode = (typeof STORAGE_MODES)[number];

export interface R2Config {
  endpoint: string;
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
  readonly http!: {
    port: number;
    host: string;
    /** How clients reach us, without a slash at the end. */
    publicUrl: string;
    /** Largest JSON body; an event with full metadata is a few kB. */
    maxBodyBytes: number;
    /** Failed or not, logins of one address within a minute. */
    loginsPerMinute: number;
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
    /** Root of the objects in local mode. */
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
  readonly cameras!: {
    /** Networks in which a camera or its stream may live. */
    allowedCidrs: string[];
    /** An ONVIF or RTSP conversation that takes longer than this has failed. */
    connectTimeoutMs: number;
    /** The longest pause after a refused login: cameras lock an account after some five to ten of them within half an hour. */
    loginRetryMs: number;
  };
  readonly recording!: {
    maxConcurrent: number;
    /** When this many recordings have not begun yet, triggers are refused (503): ten rounds of the default slots take minutes. */
    maxQueued: number;
    /** No event joins a recording that reaches back further: one object must stay handy to load, to send and to make anew. */
    mergeMaxSec: number;
    /** A trigger that comes later than this has a wrong clock, so its recording starts now: a webhook is tried again within minutes. */
    lateTriggerMaxSec: number;
    minFreeDiskBytes: number;
    /** The free space is looked at this often: fifty cameras at 8 Mbit/s write 50 MB in a second, a twentieth of the default minimum. */
    diskCheckMs: number;
    /** A camera that has given no picture this long after the trigger ends the playback FAILED. */
    startTimeoutMs: number;
    /** No whole fragment for this long while capturing: the stream has stalled. */
    stallTimeoutMs: number;
    /** After SIGINT FFmpeg has this long to write its last fragment before SIGKILL. */
    stopTimeoutMs: number;
    /** Fragments are cut at least this often, beside at every key frame. */
    fragmentMs: number;
    /** A log segment is closed at the first key frame after this much footage. */
    segmentMs: number;
    /**
     * A fragment is brought to stable storage this long after it was written, at most; 0: at once. It is what a power loss can take beside
     * the fragment under way. A sync costs about 1 ms of an SSD, a seek or more of a hard disk: fifty cameras make 25 a second at 2 s.
     */
    fsyncMs: number;
    /** Open rows are compared with the running recordings this often, beside at each notification. */
    reconcileMs: number;
    /** A recorder that is gone with footage of which nothing is in the store is waited for so long after the recording's end. */
    footageWaitSec: number;
    /** Progress of running recordings goes to the database this often. */
    progressMs: number;
  };
  readonly ownership!: {
    /** A recorder that has lost the database ends its captures after this long, unless it was the only one. */
    lossMs: number;
    /** A camera whose owner is gone is taken after this long: longer than `lossMs`, so that it is never captured twice. */
    takeoverDelayMs: number;
  };
  readonly ring!: {
    /** Beyond the pre-roll, for triggers that come late. */
    extraSec: number;
    /** Per camera; a ring that is larger loses its oldest footage. */
    maxBytes: number;
  };
  readonly jobs!: { concurrency: number };
  /**
   * A stop that takes longer ends the process all the same: FFmpeg's time to write its last fragments (`stopTimeoutMs`), the jobs' to give up,
   * and the embedded database's to shut down, twice over.
   */
  readonly shutdownTimeoutMs!: number;
}

const PRIVATE_CIDRS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
const LOOPBACK_CIDRS = ['127.0.0.0/8', '::1/128'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const GIB = 1024 ** 3;

/**
 * Parses an environment; its secrets are masked in the log from here on.
 * @throws AppError `CONFIG.INVALID` whose message names every fault
 */
export function loadConfig(env: Record<string, string | undefined>): AppConfig {
  const reader = new EnvReader(env);
  const databaseUrl = readDatabaseUrl(reader);
  const dataDir = resolve(reader.text('DATA_DIR', './data'));
  const port = reader.int('PORT', 3000, { min: 0, max: 65_535 });
  const config: AppConfig = {
    role: reader.oneOf('ROLE', ROLES, 'all'),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    http: {
      port,
      host: reader.text('HOST', '0.0.0.0'),
      publicUrl: reader.url('PUBLIC_URL') ?? `http://localhost:${port}`,
      maxBodyBytes: reader.int('MAX_BODY_BYTES', 262_144, { min: 1_024, max: 16_777_216 }),
      loginsPerMinute: reader.int('LOGINS_PER_MINUTE', 10, { min: 1, max: 10_000 }),
    },
    database: { url: databaseUrl, poolSize: reader.int('DATABASE_POOL_SIZE', 10, { min: 2, max: 200 }) },
    dataDir,
    recordDir: resolve(reader.text('RECORD_DIR', `${dataDir}/recordings`)),
    storage: {
      mode: reader.oneOf('STORAGE_MODE', STORAGE_MODES, 'local'),
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
    cameras: {
      allowedCidrs: readCidrs(reader, databaseUrl === undefined),
      connectTimeoutMs: reader.int('CAMERA_TIMEOUT_MS', 5_000, { min: 100, max: 60_000 }),
      loginRetryMs: reader.int('CAMERA_LOGIN_RETRY_MS', 300_000, { min: 1_000, max: 3_600_000 }),
    },
    recording: {
      maxConcurrent: reader.int('MAX_CONCURRENT_RECORDINGS', 100, { min: 1, max: 10_000 }),
      maxQueued: reader.int('MAX_QUEUED_RECORDINGS', 1_000, { min: 1, max: 100_000 }),
      mergeMaxSec: reader.int('MERGE_MAX_SEC', 3_600, { min: 1, max: 43_200 }),
      lateTriggerMaxSec: reader.int('LATE_TRIGGER_MAX_SEC', 300, { min: 0, max: 3_600 }),
      minFreeDiskBytes: reader.int('MIN_FREE_DISK_BYTES', GIB, { min: 0, max: Number.MAX_SAFE_INTEGER }),
      diskCheckMs: reader.int('DISK_CHECK_MS', 1_000, { min: 100, max: 60_000 }),
      startTimeoutMs: reader.int('CAMERA_START_TIMEOUT_MS', 30_000, { min: 1_000, max: 600_000 }),
      stallTimeoutMs: reader.int('STALL_TIMEOUT_MS', 10_000, { min: 2_000, max: 300_000 }),
      stopTimeoutMs: reader.int('FFMPEG_STOP_TIMEOUT_MS', 6_000, { min: 500, max: 60_000 }),
      fragmentMs: reader.int('FRAGMENT_MS', 1_000, { min: 200, max: 10_000 }),
      segmentMs: reader.int('SEGMENT_MS', 10_000, { min: 1_000, max: 600_000 }),
      fsyncMs: reader.int('FSYNC_MS', 2_000, { min: 0, max: 60_000 }),
      reconcileMs: reader.int('RECONCILE_MS', 2_000, { min: 100, max: 60_000 }),
      footageWaitSec: reader.int('FOOTAGE_WAIT_SEC', 600, { min: 0, max: 604_800 }),
      progressMs: reader.int('PROGRESS_MS', 2_000, { min: 200, max: 60_000 }),
    },
    ownership: {
      lossMs: reader.int('OWNERSHIP_LOSS_MS', 1_500, { min: 200, max: 60_000 }),
      takeoverDelayMs: reader.int('TAKEOVER_DELAY_MS', 2_500, { min: 400, max: 120_000 }),
    },
    ring: {
      extraSec: reader.int('RING_EXTRA_SEC', 30, { min: 0, max: 3_600 }),
      maxBytes: reader.int('RING_MAX_BYTES', GIB / 4, { min: 1_048_576, max: Number.MAX_SAFE_INTEGER }),
    },
    jobs: { concurrency: reader.int('JOB_CONCURRENCY', 4, { min: 1, max: 64 }) },
    shutdownTimeoutMs: reader.int('SHUTDOWN_TIMEOUT_MS', 20_000, { min: 1_000, max: 600_000 }),
  };
  const r2 = config.storage.mode === 'r2' ? readR2(reader) : undefined;
  checkAuth(reader, config.auth);
  const { lossMs, takeoverDelayMs } = config.ownership;
  if (takeoverDelayMs < lossMs * 1.5) {
    reader.faults.push('TAKEOVER_DELAY_MS must be at least one and a half times OWNERSHIP_LOSS_MS');
  }
  if (databaseUrl !== undefined) requireSecrets(reader);
  if (reader.faults.length > 0) throw invalidConfig(reader.faults);
  return sealConfig({ ...config, storage: { ...config.storage, r2 } });
}

/** Makes a configuration read-only and its secrets unprintable. */
export function sealConfig<T extends AppConfig>(config: T): T {
  const { auth, storage, credentialsKey, database } = config;
  const databasePassword = database.url === undefined ? undefined : decodeURIComponent(new URL(database.url).password);
  const secrets = [
    auth.jwtSecret,
    auth.adminPassword,
    storage.r2?.secretAccessKey,
    databasePassword,
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
    config.jobs,
  ]) {
    Object.freeze(section);
  }
  return config;
}

export function invalidConfig(faults: string[]): AppError {
  const message = `The environment has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`;
  return new AppError({ code: 'CONFIG.INVALID', kind: 'invalid', fault: 'caller', message });
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

function readR2(reader: EnvReader): R2Config {
  const required = ['R2_ENDPOINT', 'R2_ACCESS_KEY_ID', 'R2_SECRET_ACCESS_KEY', 'R2_BUCKET_NAME'];
  const missing = required.filter((name) => reader.optional(name) === undefined);
  if (missing.length > 0) reader.faults.push(`STORAGE_MODE=r2 needs ${missing.join(', ')}`);
  return {
    endpoint: reader.url('R2_ENDPOINT') ?? '',
    accessKeyId: reader.text('R2_ACCESS_KEY_ID', ''),
    secretAccessKey: reader.text('R2_SECRET_ACCESS_KEY', ''),
    bucket: reader.text('R2_BUCKET_NAME', ''),
    publicUrl: reader.url('R2_PUBLIC_URL'),
  };
}

function readDatabaseUrl(reader: EnvReader): string | undefined {
  const url = reader.optional('DATABASE_URL');
  if (url !== undefined && !isPostgresUrl(url)) {
    reader.faults.push(
      'DATABASE_URL must look like postgresql://user:password@host:5432/database (odd characters percent-encoded)',
    );
  }
  return url;
}

function isPostgresUrl(url: string): boolean {
  try {
    const { protocol, password } = new URL(url);
    decodeURIComponent(password);
    return /^postgres(ql)?:$/.test(protocol);
  } catch {
    return false; // neither parser tells more than that
  }
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
