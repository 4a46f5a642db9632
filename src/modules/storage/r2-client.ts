import { S3Client } from '@aws-sdk/client-s3';
import type { R2Config } from '../../config/app-config.js';
import { toConnectionError } from './r2-errors.js';
import { ResettingHttpAgent, ResettingHttpsAgent } from './resetting-agents.js';

export interface R2Timeouts {
  connectMs: number;
  /** From sending the first byte of a request to the first byte of its answer, unless it carries bytes of an object. */
  requestMs: number;
  /** With no byte moving for this long, the connection is dead. */
  idleMs: number;
}

/** A body may take its time while its bytes move, and `idleMs` sees whether they do. Within what a timer can count. */
export const BODY_TIMEOUT_MS = 86_400_000;

/** As the SDK has them. */
const POOL = { keepAlive: true, maxSockets: 50 };

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** An S3 client as R2 wants it; every other flag has its reason beside it. */
export function createR2Client(config: R2Config, timeouts: R2Timeouts): S3Client {
  const client = new S3Client({
    endpoint: config.endpoint,
    region: config.region,
    forcePathStyle: true,
    credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
    // The SDK's own default adds CRC headers and trailers, which R2 answered with 501.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Retries are ours (retries.ts), because one key may be written only once a second.
    maxAttempts: 1,
    // With `Expect: 100-continue` the SDK opens a new connection for every part and may wait as long as the request timeout.
    expectContinueHeader: false,
    // It would warn on the console that a stream cannot be sent again: retries.ts makes a new one.
    logger: SILENT,
    requestHandler: {
      httpAgent: new ResettingHttpAgent(POOL),
      httpsAgent: new ResettingHttpsAgent(POOL, timeouts.connectMs),
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.requestMs,
      throwOnRequestTimeout: true,
      socketTimeout: timeouts.idleMs,
    },
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw toConnectionError(error);
      }
    },
    // Around everything that talks to the network, and within the SDK's own handling of errors.
    { step: 'deserialize', priority: 'high', name: 'connectionErrors' },
  );
  return client;
}

/** @param requestTimeoutMs instead of the client's `requestMs` */
export function sendOptions(
  signal: AbortSignal | undefined,
  requestTimeoutMs?: number,
): { abortSignal?: AbortSignal; requestTimeout?: number } {
  return {
    ...(signal ? { abortSignal: signal } : {}),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs }),
  };
}
