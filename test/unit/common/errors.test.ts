import { describe, expect, it } from '@jest/globals';
import { AppError, KINDS, messageOf } from '../../../src/common/errors.js';

describe('AppError', () => {
  it('blames the caller for 4xx and the service for 5xx unless told otherwise', () => {
    expect(new AppError({ code: 'A.B', kind: 'conflict', message: 'm' }).fault).toBe('caller');
    expect(new AppError({ code: 'A.B', kind: 'unavailable', message: 'm' }).fault).toBe('service');
    expect(new AppError({ code: 'A.B', kind: 'upstream', message: 'm', fault: 'camera' }).fault).toBe('camera');
  });

  it('keeps the cause, and has none when none was given', () => {
    const cause = new Error('inner');
    expect(new AppError({ code: 'A.B', kind: 'internal', message: 'm', cause }).cause).toBe(cause);
    expect('cause' in new AppError({ code: 'A.B', kind: 'internal', message: 'm' })).toBe(false);
  });

  it('is retryable exactly when waiting can help', () => {
    const retryable = Object.keys(KINDS).filter(
      (kind) => new AppError({ code: 'A.B', kind: kind as keyof typeof KINDS, message: '' }).retryable,
    );
    expect(retryable).toEqual(['too_many', 'unavailable', 'upstream', 'internal']);
  });

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
