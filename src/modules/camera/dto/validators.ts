import { ValidateBy } from 'class-validator';
import { AppError } from '../../../common/errors.js';
import { parseHost } from '../domain/host.js';
import { parseStreamUrl } from '../domain/stream-url.js';

/** One line of text: nothing that could end a header or a log line. */
export const HasNoControlCharacters = () =>
  check('hasNoControlCharacters', (value) => !/\p{Cc}/u.test(value), '$property must not hold control characters');

/** A user name that fits into `user:password`. */
export const HasNoColon = () => check('hasNoColon', (value) => !value.includes(':'), '$property must not hold a colon');

export const IsHost = () =>
  check(
    'isHost',
    (value) => parseHost(value) !== undefined,
    '$property must be a host name or a plain IP address like 192.168.1.10',
  );

/** An RTSP address; the message says what is wrong with it without repeating it. */
export const IsStreamUrl = () =>
  ValidateBy({
    name: 'isStreamUrl',
    validator: {
      validate: (value) => faultOfStreamUrl(value) === undefined,
      defaultMessage: (args) => `${args?.property}: ${faultOfStreamUrl(args?.value) ?? 'is wrong'}`,
    },
  });

function check(name: string, passes: (value: string) => boolean, message: string): PropertyDecorator {
  return ValidateBy({
    name,
    validator: { validate: (value) => typeof value === 'string' && passes(value), defaultMessage: () => message },
  });
}

function faultOfStreamUrl(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'The stream address must be a text.';
  try {
    parseStreamUrl(value);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
