import { Readable } from 'node:stream';
import { backoffMs } from '../../common/backoff.js';
import type { ByteRange } from './domain/byte-range.js';
import { toConnectionError } from './r2-errors.js';
import type { Retrying } from './retries.js';

export interface OpenBody {
  body: Readable;
  /** The bytes of the object that `body` brings. */
  range: ByteRange;
}

/**
 * A stream that goes on where it stopped when the connection breaks, so that neither a bad moment of the network
 * nor a player that paused for long ends it.
 * @param reopen the same object from `offset` on; it must fail when the object has changed
 * @param translate what is thrown to the reader in the end
 */
export function readResumably(
  first: OpenBody,
  reopen: (offset: number) => Promise<Readable>,
  retrying: Retrying,
  translate: (error: unknown) => unknown,
): Readable {
  const stream = Readable.from(chunksOf(first, reopen, retrying, translate), { objectMode: false });
  // A stream that is destroyed before it was read never enters the generator.
  return stream.once('close', () => first.body.destroy());
}

async function* chunksOf(
  { body: firstBody, range }: OpenBody,
  reopen: (offset: number) => Promise<Readable>,
  retrying: Retrying,
  translate: (error: unknown) => unknown,
): AsyncGenerator<Buffer> {
  let body = firstBody;
  let offset = range.start;
  for (let failures = 0; ;) {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        offset += chunk.length;
        failures = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      if (offset > range.end) return;
      if (++failures >= retrying.policy.attempts) throw translate(toConnectionError(error));
      await retrying.clock.sleep(backoffMs(failures, retrying.policy));
      body = await reopen(offset);
    }
  }
}
