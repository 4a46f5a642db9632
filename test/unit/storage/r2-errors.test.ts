import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import {
  codeOfRefusal,
  ConnectionError,
  isTransient,
  toConnectionError,
  toR2StorageError,
} from '../../../src/modules/storage/r2-errors.js';
import { mismatch, uploadGone } from '../../../src/modules/storage/storage-errors.js';

const answer = (status: number, name: string) =>
  Object.assign(new Error('a message that may hold https://host/?X-Amz-Signature=abc'), {
    name,
    $metadata: { httpStatusCode: status },
    $response: { headers: { authorization: 'Signature=abc' } },
  });

describe('what an S3 error means', () => {
  it.each([
    [404, 'NoSuchKey', 'STORAGE.NOT_FOUND', false],
    [404, 'NotFound', 'STORAGE.NOT_FOUND', false],
    [404, 'NoSuchBucket', 'STORAGE.DENIED', false],
    [404, 'NoSuchUpload', 'STORAGE.UPLOAD_GONE', false],
    [400, 'InvalidPart', 'STORAGE.MISMATCH', false],
    [416, 'InvalidRange', 'STORAGE.BAD_RANGE', false],
    [401, 'Unauthorized', 'STORAGE.DENIED', false],
    [403, 'AccessDenied', 'STORAGE.DENIED', false],
    [403, 'SignatureDoesNotMatch', 'STORAGE.DENIED', false],
    [403, 'RequestTimeTooSkewed', 'STORAGE.DENIED', true],
    [400, 'AuthorizationHeaderMalformed', 'STORAGE.DENIED', false],
    [400, 'UnknownError', 'STORAGE.DENIED', false],
    [301, 'PermanentRedirect', 'STORAGE.DENIED', false],
    [400, 'InvalidArgument', 'STORAGE.REJECTED', false],
    [400, 'EntityTooLarge', 'STORAGE.REJECTED', false],
    [412, 'PreconditionFailed', 'STORAGE.REJECTED', false],
    [501, 'NotImplemented', 'STORAGE.REJECTED', false],
    [400, 'BadDigest', 'STORAGE.UNAVAILABLE', true],
    [400, 'XAmzContentSHA256Mismatch', 'STORAGE.UNAVAILABLE', true],
    [400, 'RequestTimeout', 'STORAGE.UNAVAILABLE', true],
    [408, 'Unknown', 'STORAGE.UNAVAILABLE', true],
    [429, 'TooManyRequests', 'STORAGE.UNAVAILABLE', true],
    [500, 'InternalError', 'STORAGE.UNAVAILABLE', true],
    [503, 'SlowDown', 'STORAGE.UNAVAILABLE', true],
    [522, 'Unknown', 'STORAGE.UNAVAILABLE', true],
    [200, 'SyntaxError', 'STORAGE.UNAVAILABLE', true],
  ])('%i %s is %s, tried again at once: %s', (status, name, code, transient) => {
    const error = answer(status, name);
    expect(isTransient(error)).toBe(transient);
    const translated = toR2StorageError(error, 'a/key');
    expect(translated).toBeInstanceOf(AppError);
    expect(translated).toMatchObject({
      code,
      message: expect.not.stringMatching(/Signature=|https?:/),
    });
    expect((translated as AppError).cause).toBeUndefined();
  });

  it.each([
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [Object.assign(new Error('hang up'), { code: 'ECONNRESET', name: 'TimeoutError' }), 'ECONNRESET'],
    [Object.assign(new Error('host'), { code: 'ENOTFOUND' }), 'ENOTFOUND'],
    [Object.assign(new Error('cert'), { code: 'CERT_HAS_EXPIRED' }), 'CERT_HAS_EXPIRED'],
    [Object.assign(new Error('idle'), { name: 'TimeoutError' }), 'timed out'],
  ])('%s is a connection that failed', (error, code) => {
    const failed = toConnectionError(error);
    expect(isTransient(failed)).toBe(true);
    expect(toR2StorageError(failed, 'key')).toMatchObject({
      code: 'STORAGE.UNAVAILABLE',
      retryable: true,
      message: `The object store cannot be used now (${code}).`,
    });
  });

  it.each([
    ['fr-par', 'set S3_REGION to "fr-par".'],
    [undefined, "set S3_REGION to the store's own."],
    ['<script> or a whole story', "set S3_REGION to the store's own."],
  ])('a wrong region is told with its cure, when the store names %j', (Region, cure) => {
    const error = Object.assign(answer(400, 'AuthorizationHeaderMalformed'), { Region });
    expect(toR2StorageError(error, 'key')).toMatchObject({ message: expect.stringContaining(cure) });
  });

  it('is what the caller wanted, when the caller cancelled', () => {
    const error = new ConnectionError('timed out');
    expect(toR2StorageError(error, 'key', AbortSignal.abort())).toMatchObject({ code: 'STORAGE.CANCELLED' });
  });

  it('does not hide a fault of our own', () => {
    const bug = new TypeError('x is not a function');
    expect(toR2StorageError(bug, 'key')).toBe(bug);
    expect(isTransient(bug)).toBe(false);
  });

  it('asks for a part again that arrived damaged, and for nothing else that we say ourselves', () => {
    expect(isTransient(mismatch('other bytes'))).toBe(true);
    expect(isTransient(uploadGone())).toBe(false);
    expect(toR2StorageError(uploadGone(), 'a/key')).toMatchObject({ code: 'STORAGE.UPLOAD_GONE', retryable: true });
  });

  it.each([
    ['AccessDenied', 'STORAGE.DENIED'],
    ['InternalError', 'STORAGE.UNAVAILABLE'],
    ['ServiceUnavailable', 'STORAGE.UNAVAILABLE'],
    ['SlowDown', 'STORAGE.UNAVAILABLE'],
    ['TooManyRequests', 'STORAGE.UNAVAILABLE'],
    [undefined, 'STORAGE.UNAVAILABLE'],
    ['InvalidArgument', 'STORAGE.REJECTED'],
  ])('%s of one of many objects is %s', (word, code) => {
    expect(codeOfRefusal(word)).toBe(code);
  });
});
