import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ApiProblems } from '../../../src/common/api-problems.decorator.js';

const BUSY = { status: 409, code: 'THING.BUSY', detail: 'It is busy.' };
const GONE = { status: 409, code: 'THING.GONE', detail: 'It is gone.' };

class Things {
  @ApiProblems(400, BUSY, GONE)
  act(): void {}
}

const responses = Reflect.getMetadata('swagger/apiResponse', Things.prototype.act);

describe('ApiProblems', () => {
  it('documents a bare status with its typical example', () => {
    const content = responses[400].content['application/problem+json'];
    expect(content.schema).toEqual({ $ref: '#/components/schemas/Problem' });
    expect(content.examples['REQUEST.INVALID'].value).toMatchObject({
      status: 400,
      code: 'REQUEST.INVALID',
      title: 'Bad request',
    });
  });

  it('collects the problems of one status in one response', () => {
    expect(responses[409].description).toBe('Wrong state');
    const examples = responses[409].content['application/problem+json'].examples as Record<string, { value: unknown }>;
    expect(Object.keys(examples)).toEqual(['THING.BUSY', 'THING.GONE']);
    expect(examples['THING.GONE']?.value).toMatchObject({ type: 'urn:hindsight:thing.gone', detail: 'It is gone.' });
  });
});
