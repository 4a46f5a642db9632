import { describe, expect, it } from '@jest/globals';
import { KINDS } from '../../../src/common/error-kinds.js';
import { AppError, messageOf } from '../../../src/common/errors.js';

describe('AppError', () => {
  it('says what the catalogue says, with its blanks filled in', () => {
    const { message, kind } = new AppError({ code: 'AUTH.USERNAME_TAKEN', values: { username: 'porter' } });
    expect([message, kind]).toEqual(['There is a user "porter" already.', 'conflict']);
  });

  it('says something of its own where the situation has more to say', () => {
    expect(new AppError({ code: 'REQUEST.NOT_FOUND', message: 'There is no such file.' }).message).toBe(
      'There is no such file.',
    );
  });

  it('does not take a value for another blank', () => {
    const { message } = new AppError({ code: 'AUTH.USERNAME_TAKEN', values: { username: '{id} $& $1' } });
    expect(message).toBe('There is a user "{id} $& $1" already.');
  });

  it('blames the caller for 4xx and the service for 5xx unless the catalogue says otherwise', () => {
    expect(new AppError({ code: 'CAMERA.BUSY' }).fault).toBe('caller');
    expect(new AppError({ code: 'SERVICE.STOPPING' }).fault).toBe('service');
    expect(new AppError({ code: 'CAMERA.NO_VIDEO' }).fault).toBe('camera');
  });

  it('is retryable as its kind is, unless the catalogue says otherwise', () => {
    expect(new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'm' }).retryable).toBe(true);
    expect(new AppError({ code: 'AUTH.OWN_USER' }).retryable).toBe(false);
    expect(new AppError({ code: 'CAMERA.NO_VIDEO' }).retryable).toBe(false);
    expect(new AppError({ code: 'PLAYBACK.NOT_READY' }).retryable).toBe(true);
  });

  it('comes back after the time that the catalogue says, unless it is told another', () => {
    expect(new AppError({ code: 'SERVICE.STOPPING' }).retryAfterSec).toBe(5);
    expect(new AppError({ code: 'SERVICE.STOPPING', retryAfterSec: 9 }).retryAfterSec).toBe(9);
    expect(new AppError({ code: 'CAMERA.BUSY' }).retryAfterSec).toBeUndefined();
  });

  it('keeps the cause, and has none when none was given', () => {
    const cause = new Error('inner');
    expect(new AppError({ code: 'SERVICE.INTERNAL', cause }).cause).toBe(cause);
    expect('cause' in new AppError({ code: 'SERVICE.INTERNAL' })).toBe(false);
  });
});

describe('KINDS', () => {
  it('gives every kind a status of its own', () => {
    const statuses = Object.values(KINDS).map(({ status }) => status);
    expect(new Set(statuses).size).toBe(statuses.length);
  });
});

describe('messageOf', () => {
  it('takes an error, or whatever else was thrown', () => {
    expect([messageOf(new Error('a')), messageOf('b'), messageOf(undefined)]).toEqual(['a', 'b', 'undefined']);
  });
});
