import { type ArgumentsHost, ConflictException, HttpException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { createLogger } from '../../../src/common/logging.js';
import { ProblemFilter } from '../../../src/common/problem.filter.js';

/** Runs the filter against a response that writes down what it is told. */
function answerTo(thrown: unknown, { headersSent = false } = {}) {
  const lines: string[] = [];
  const headers: Record<string, string> = {};
  const answer = {
    status: 0,
    type: '',
    body: undefined as Record<string, unknown> | undefined,
    destroyed: false,
    headers,
    lines,
  };
  const response = {
    headersSent,
    setHeader: (name: string, value: string) => (headers[name] = value),
    status: (status: number) => ((answer.status = status), response),
    type: (type: string) => ((answer.type = type), response),
    send: (text: string) => (answer.body = JSON.parse(text) as Record<string, unknown>),
    destroy: () => (answer.destroyed = true),
  };
  const http = { getRequest: () => ({ method: 'GET', path: '/x' }), getResponse: () => response };
  const host = { switchToHttp: () => http } as unknown as ArgumentsHost;
  new ProblemFilter(createLogger('info', (line) => lines.push(line))).catch(thrown, host);
  return answer;
}

describe('ProblemFilter', () => {
  it('writes an AppError as a problem', () => {
    const fields = [{ field: 'a', message: 'a is odd' }];
    const { status, type, body, lines } = answerTo(
      new AppError({ code: 'REQUEST.INVALID', message: 'a is odd', fields }),
    );
    expect([status, type, lines]).toEqual([400, 'application/problem+json', []]);
    expect(body).toEqual({
      type: '/docs/errors#REQUEST.INVALID',
      title: 'Bad request',
      status: 400,
      code: 'REQUEST.INVALID',
      detail: 'a is odd',
      instance: '/x',
      errors: fields,
    });
  });

  it('says when to try again, and how to log in', () => {
    expect(answerTo(new AppError({ code: 'AUTH.BUSY', retryAfterSec: 7 })).headers).toEqual({ 'Retry-After': '7' });
    expect(answerTo(new AppError({ code: 'SERVICE.STOPPING' })).headers).toEqual({ 'Retry-After': '5' });
    expect(answerTo(new AppError({ code: 'AUTH.NO_TOKEN' })).headers).toEqual({
      'WWW-Authenticate': 'Bearer',
    });
  });

  it.each([
    [new NotFoundException('Cannot GET /x'), 404, 'REQUEST.NOT_FOUND'],
    [new ConflictException(), 409, 'REQUEST.CONFLICT'],
    [new HttpException('odd', 418), 400, 'REQUEST.INVALID'],
    [Object.assign(new Error('too big'), { status: 413 }), 413, 'REQUEST.TOO_LARGE'],
  ])('understands the errors of NestJS and Express: %s', (thrown, status, code) => {
    expect(answerTo(thrown).body).toMatchObject({ status, code });
  });

  it.each([
    new TypeError('x of undefined at /srv/secret/path'),
    'a string',
    undefined,
    new HttpException('inside', 500),
  ])('answers the unforeseen without its inside, and logs it: %s', (thrown) => {
    const { status, body, lines } = answerTo(thrown);
    expect(status).toBe(500);
    expect(body).toMatchObject({
      code: 'SERVICE.INTERNAL',
      detail: 'Something went wrong inside the service; its log says what.',
    });
    expect(lines).toHaveLength(1);
  });

  it('cuts a response that has begun, since its status is out already', () => {
    expect(answerTo(new Error('mid-stream'), { headersSent: true })).toMatchObject({
      destroyed: true,
      body: undefined,
    });
  });
});
