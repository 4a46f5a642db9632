import { describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '../../../../src/common/error-catalogue.js';
import { AppError } from '../../../../src/common/errors.js';
import { failureOf, stalled } from '../../../../src/modules/capture/domain/failure.js';
import {
  addSetback,
  isHopeless,
  isLoginRefused,
  planPauseMs,
  type Setbacks,
} from '../../../../src/modules/capture/domain/setbacks.js';

const said = (...codes: ErrorCode[]): Setbacks | null =>
  codes.reduce<Setbacks | null>(
    (before, code) => addSetback(before, failureOf(new AppError({ code, message: 'A sentence.' })), false),
    null,
  );
const times = (count: number, code: ErrorCode) => said(...Array.from({ length: count }, () => code));
const WRONG = 'CAMERA.WRONG_PASSWORD';
const ABSENT = 'CAMERA.STREAM_NOT_FOUND';
const AWAY = 'CAMERA.UNREACHABLE';

describe('isHopeless', () => {
  it.each<[string, Setbacks | null, boolean]>([
    ['nothing went wrong', null, false],
    ['the password is refused once', said(WRONG), false],
    ['the password is refused twice', said(WRONG, WRONG), true],
    ['the camera is away', times(50, AWAY), false],
    ['the address is not allowed', said('CAMERA.ADDRESS_NOT_ALLOWED'), true],
    ['the stream is not there, which a camera that starts also says', times(50, ABSENT), false],
    ['there is no video four times', times(4, 'CAMERA.NO_VIDEO'), false],
    ['there is no video five times', times(5, 'CAMERA.NO_VIDEO'), true],
    ['the password is refused twice by a camera that was away', said(AWAY, WRONG, WRONG), false],
    [
      'the password is refused five times by a camera that was away',
      said(AWAY, WRONG, WRONG, WRONG, WRONG, WRONG),
      true,
    ],
    ['the camera is away after the password was refused', said(WRONG, WRONG, AWAY), false],
  ])('when %s', (_what, setbacks, expected) => {
    expect(isHopeless(setbacks)).toBe(expected);
  });

  it('takes a camera that gave footage before for one that restarts', () => {
    const refused = failureOf(new AppError({ code: WRONG, message: 'A sentence.' }));
    let setbacks = addSetback(null, stalled(1_000), true);
    for (let attempt = 1; attempt <= 4; attempt += 1) setbacks = addSetback(setbacks, refused, true);
    expect(isHopeless(setbacks)).toBe(false);
    expect(isHopeless(addSetback(setbacks, refused, true))).toBe(true);
  });
});

describe('planPauseMs', () => {
  const pauses = (count: number, code: ErrorCode, random: number) =>
    Array.from({ length: count }, (_, index) =>
      planPauseMs(times(index + 1, code)!, { attemptMs: 0, maxLoginPauseMs: 300_000 }, random),
    );

  it('grows from 0.2 to 5 s', () => {
    expect(pauses(8, AWAY, 0)).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('spreads cameras that went away together', () => {
    expect(pauses(6, AWAY, 0.999).at(-1)).toBeLessThan(4_100);
  });

  it('counts the time that the attempt took', () => {
    const away = times(9, AWAY)!;
    const after = (attemptMs: number) => planPauseMs(away, { attemptMs, maxLoginPauseMs: 300_000 }, 0);
    expect([after(0), after(3_000), after(5_000), after(60_000)]).toEqual([5_000, 2_000, 200, 200]);
  });

  it('leaves an account more and more time after refused logins, so that the camera does not lock it', () => {
    const login = pauses(7, WRONG, 0);
    expect(login).toEqual([2_000, 8_000, 32_000, 128_000, 300_000, 300_000, 300_000]);
    const withinTenMinutes = login.filter((_, index) => login.slice(0, index).reduce((a, b) => a + b, 0) < 600_000);
    expect(withinTenMinutes.length).toBeLessThanOrEqual(6);
  });

  it('does so whatever the attempt took, and whatever happened before', () => {
    const refused = said(AWAY, AWAY, WRONG)!;
    expect(planPauseMs(refused, { attemptMs: 30_000, maxLoginPauseMs: 300_000 }, 0)).toBe(2_000);
    expect([isLoginRefused(refused), isLoginRefused(said(WRONG, AWAY)), isLoginRefused(null)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
