/** Writes to one key follow each other, and a read waits for the writes before it. */
export class KeyedLock {
  private readonly tails = new Map<string, Promise<unknown>>();

  async write<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = this.settled(key).then(work);
    const tail = result.catch(() => undefined);
    this.tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }

  async settled(key: string): Promise<void> {
    await this.tails.get(key);
  }
}
