import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ApiProblems } from '../../../src/common/api-problems.decorator.js';

class Things {
  @ApiProblems('REQUEST.INVALID', 'CAMERA.BUSY', 'PLAYBACK.NOT_RECORDING', 'AUTH.NO_TOKEN', 'PLAYBACK.BAD_RANGE')
  @ApiProblems({ code: 'AUTH.WRONG_ROLE', values: { role: 'ADMIN' } })
  act(): void {}
}

const responses = Reflect.getMetadata('swagger/apiResponse', Things.prototype.act);
const examplesOf = (status: number) =>
  responses[status].content['application/problem+json'].examples as Record<string, { value: unknown }>;

describe('ApiProblems', () => {
  it('documents an error with the sentence of the catalogue', () => {
    expect(responses[400].content['application/problem+json'].schema).toEqual({
      $ref: '#/components/schemas/Problem',
    });
    expect(examplesOf(400)['REQUEST.INVALID']?.value).toMatchObject({
      type: '/docs/errors#REQUEST.INVALID',
      status: 400,
      code: 'REQUEST.INVALID',
      title: 'Bad request',
    });
  });

  it('collects the errors of one status in one response', () => {
    expect(responses[409].description).toBe('Wrong state: `CAMERA.BUSY`, `PLAYBACK.NOT_RECORDING`');
    expect(Object.keys(examplesOf(409))).toEqual(['CAMERA.BUSY', 'PLAYBACK.NOT_RECORDING']);
  });

  it('fills the blanks, with what it is told or with an example', () => {
    expect(examplesOf(409)['PLAYBACK.NOT_RECORDING']?.value).toMatchObject({
      detail: 'There is nothing to stop: this playback is COMPLETED.',
    });
    expect(examplesOf(403)['AUTH.WRONG_ROLE']?.value).toMatchObject({ detail: 'This needs the role ADMIN.' });
  });

  it('names the headers that go with a status', () => {
    const headersOf = (status: number) => Object.keys((responses[status].headers ?? {}) as object);
    expect([400, 401, 409, 416].map(headersOf)).toEqual([[], ['WWW-Authenticate'], ['Retry-After'], ['Content-Range']]);
  });
});
