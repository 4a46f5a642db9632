import { AppError } from '../../common/errors.js';
import type { FailedDelete } from './object-store.port.js';
import { badRange, cancelled, denied, mismatch, notFound, uploadGone } from './storage-errors.js';

interface Answer {
  /** The store's own word, such as `NoSuchKey`. */
  code: string;
  status: number;
  /** The region that the store would take, where it says so. */
  region: string | undefined;
}

/** A signature for another region than the store's. S3 and most others say the first; a HEAD has no body that could say it. */
const WRONG_REGION = new Set(['AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']);
const WITHOUT_WORDS = 'UnknownError';

/** 4xx answers that the next attempt may not get: bytes damaged or lost on the way, too many at once, a clock that the SDK has set by now. */
const PASSING = new Set([
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'TooManyRequests',
  'OperationAborted',
]);

/** A request that got no answer. `code` is the network's own word, such as `ECONNREFUSED`. */
export class ConnectionError extends Error {
  constructor(readonly code: string) {
    super(`no answer from the object store (${code})`);
  }
}

/** What the network, or a body that broke off, threw; an answer of the store passes as it is. */
export function toConnectionError(error: unknown): unknown {
  if (error instanceof ConnectionError || answerOf(error)) return error;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return new ConnectionError(code);
  return new ConnectionError(name === 'TimeoutError' || name === 'AbortError' ? 'timed out' : String(name));
}

/** Whether the same request may succeed when it is simply sent again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (error instanceof AppError) return error.code === 'STORAGE.MISMATCH'; // bytes damaged on the way
  const answer = answerOf(error);
  if (!answer) return false;
  const { code, status } = answer;
  // A success that makes no sense comes from something between us and the store.
  if (status < 300) return true;
  return (status >= 500 && status !== 501) || status === 429 || status === 408 || PASSING.has(code);
}

export function isMissing(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.status === 404 && (answer.code === 'NoSuchKey' || answer.code === 'NotFound');
}

export function isUploadGone(error: unknown): boolean {
  return answerOf(error)?.code === 'NoSuchUpload';
}

/** Whether the store would not take the very request: an argument or a range in it is wrong, and each store has words of its own for that. */
export function isBadRequest(error: unknown): boolean {
  const status = answerOf(error)?.status;
  return status === 400 || status === 416;
}

/** Whether the bytes that came were not those of the digest that came with them. */
export function isBadDigest(error: unknown): boolean {
  return answerOf(error)?.code === 'BadDigest';
}

/** What one key of a request for many was refused for, in our words: the answer to it has a word, but no status. */
export function codeOfRefusal(word: string | undefined): FailedDelete['code'] {
  if (word === undefined || PASSING.has(word)) return 'STORAGE.UNAVAILABLE';
  if (word === 'InternalError' || word === 'ServiceUnavailable') return 'STORAGE.UNAVAILABLE';
  return word === 'AccessDenied' ? 'STORAGE.DENIED' : 'STORAGE.REJECTED';
}

/**
 * Translates what the SDK throws. The message is made of the answer's code and status alone, and the SDK's error is left behind:
 * it holds the request with its signature. What is neither an answer nor the lack of one is a fault of ours and passes as it is.
 */
export function toR2StorageError(error: unknown, key: string, signal?: AbortSignal): unknown {
  if (error instanceof AppError) return error;
  if (signal?.aborted) return cancelled();
  if (error instanceof ConnectionError) return cannotBeUsed(error.code);
  const answer = answerOf(error);
  if (!answer) return error;
  if (isMissing(error)) return notFound(key);
  if (answer.status === 416) return badRange();
  const said = `${answer.status} ${answer.code}`;
  if (isUploadGone(error)) return uploadGone();
  if (answer.code === 'InvalidPart')
    return mismatch('The parts are not those that the object store has: list them again.');
  if (answer.code === 'NoSuchBucket')
    return denied(`The bucket does not exist (${said}): check R2_BUCKET_NAME and R2_ENDPOINT.`);
  if (answer.code === 'RequestTimeTooSkewed')
    return denied(`The object store refuses our time (${said}): check this machine's clock.`);
  if (WRONG_REGION.has(answer.code)) {
    const wanted = answer.region === undefined ? "the store's own" : `"${answer.region}"`;
    return denied(`The object store has another region than S3_REGION says (${said}): set S3_REGION to ${wanted}.`);
  }
  if (answer.status === 400 && answer.code === WITHOUT_WORDS) {
    return denied(`The object store does not take the request (${said}): check S3_REGION and R2_ENDPOINT.`);
  }
  if (answer.status === 401 || answer.status === 403) {
    return denied(
      `The object store refuses us (${said}): check R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and what the key may do in R2_BUCKET_NAME.`,
    );
  }
  if (answer.status >= 300 && answer.status < 400) {
    return denied(`The object store is elsewhere (${said}): check R2_ENDPOINT and S3_REGION.`);
  }
  if (isTransient(error)) return cannotBeUsed(said);
  return new AppError({ code: 'STORAGE.REJECTED', values: { answer: said } });
}

function cannotBeUsed(reason: string): AppError {
  return new AppError({ code: 'STORAGE.UNAVAILABLE', values: { reason } });
}

function answerOf(error: unknown): Answer | null {
  const thrown = (error ?? {}) as { name?: string; $metadata?: { httpStatusCode?: number }; Region?: unknown };
  const { name = 'Error', $metadata, Region } = thrown;
  const status = $metadata?.httpStatusCode;
  // What a store calls its region goes into a sentence only if it looks like one.
  const region = typeof Region === 'string' && /^[\w-]{1,40}$/.test(Region) ? Region : undefined;
  return status === undefined ? null : { code: name, status, region };
}
