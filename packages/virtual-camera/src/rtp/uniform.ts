/** A number from 0 to below 1 that looks random and depends on the words alone (MurmurHash3's mixing steps). */
export function uniform(words: readonly number[]): number {
  let hash = 0;
  for (const word of words) {
    hash ^= Math.imul(word, 0xcc9e2d51);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}
