import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const CHUNK_BYTES = 1 << 20;

/** The digest of a file in the form of `like`, as the API gives it: of the whole file, or over the digests of its parts. */
export async function digestLike(path: string, like: string | null): Promise<string> {
  const parts = /^sha256-parts:[0-9a-f]+-(\d+)x(\d+)$/.exec(like ?? '');
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hashOf = async (from: number, to: number) => {
      const hash = createHash('sha256');
      for (let at = from; at < to; at += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES, to - at);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
        hash.update(buffer.subarray(0, bytesRead));
      }
      return hash.digest();
    };
    if (!parts) return `sha256:${(await hashOf(0, size)).toString('hex')}`;
    const partBytes = Number(parts[2]);
    const whole = createHash('sha256');
    let count = 0;
    for (let from = 0; from < size; from += partBytes, count += 1) {
      whole.update(await hashOf(from, Math.min(size, from + partBytes)));
    }
    return `sha256-parts:${whole.digest('hex')}-${count}x${partBytes}`;
  } finally {
    await file.close();
  }
}
