import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsString, Length, ValidateNested } from 'class-validator';
import { UuidPipe } from '../../../src/common/uuid.pipe.js';
import { createValidationPipe } from '../../../src/common/validation.pipe.js';

class Inner {
  @IsInt()
  port!: number;
}

class Outer {
  @IsString()
  @Length(1, 5)
  name!: string;

  @ValidateNested()
  @Type(() => Inner)
  inner!: Inner;
}

const check = (body: unknown) =>
  createValidationPipe().transform(body, { type: 'body', metatype: Outer }) as Promise<Outer>;

describe('createValidationPipe', () => {
  it('gives back an instance of the class', async () => {
    expect(await check({ name: 'a', inner: { port: 1 } })).toBeInstanceOf(Outer);
  });

  it('names every fault with its path', async () => {
    await expect(check({ name: 7, inner: { port: 'x' } })).rejects.toMatchObject({
      code: 'REQUEST.INVALID',
      kind: 'invalid',
      fields: expect.arrayContaining([
        { field: 'name', message: 'name must be a string' },
        { field: 'inner.port', message: 'inner.port must be an integer number' },
      ]),
    });
  });

  it.each([[{ name: 'a', inner: { port: 1 }, admin: true }], [{ name: 'a', inner: { port: 1, x: 1 } }]])(
    'refuses unknown fields: %j',
    async (body) => {
      await expect(check(body)).rejects.toMatchObject({
        code: 'REQUEST.INVALID',
        message: expect.stringContaining('should not exist'),
      });
    },
  );

  it.each([undefined, null, [], 'text', 7])('refuses a body that is no object: %p', async (body) => {
    await expect(check(body)).rejects.toBeInstanceOf(Error);
  });

  it('does not let a body reach the prototype', async () => {
    const body = await check(JSON.parse('{"name":"a","inner":{"port":1},"__proto__":{"polluted":1}}'));
    expect((body as { polluted?: number }).polluted).toBeUndefined();
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('UuidPipe', () => {
  it('accepts a UUID and spells it in lower case', () => {
    expect(new UuidPipe().transform('6F9619FF-8B86-4D01-B42D-00CF4FC964FF')).toBe(
      '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    );
  });

  it.each([
    '',
    '1',
    '../../etc/passwd',
    '6f9619ff-8b86-4d01-b42d-00cf4fc964f',
    "6f9619ff-8b86-4d01-b42d-00cf4fc964ff'--",
    '\0',
  ])('refuses %j', (value) => {
    expect(() => new UuidPipe().transform(value)).toThrow(expect.objectContaining({ code: 'REQUEST.INVALID' }));
  });
});
