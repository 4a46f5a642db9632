import { type StreamId, streamKey } from './stream-id.js';

/** A `Map` whose keys are streams: two ids of one stream are the same key. Keeps the order in which streams were added. */
export class StreamMap<V> {
  private readonly entries = new Map<string, readonly [StreamId, V]>();

  get size(): number {
    return this.entries.size;
  }

  has(id: StreamId): boolean {
    return this.entries.has(streamKey(id));
  }

  get(id: StreamId): V | undefined {
    return this.entries.get(streamKey(id))?.[1];
  }

  set(id: StreamId, value: V): void {
    this.entries.set(streamKey(id), [id, value]);
  }

  /** @returns whether it was there */
  delete(id: StreamId): boolean {
    return this.entries.delete(streamKey(id));
  }

  clear(): void {
    this.entries.clear();
  }

  /** Those of now: the map may change while they are gone through. */
  keys(): StreamId[] {
    return [...this.entries.values()].map(([id]) => id);
  }

  values(): V[] {
    return [...this.entries.values()].map(([, value]) => value);
  }

  [Symbol.iterator](): IterableIterator<readonly [StreamId, V]> {
    return this.entries.values();
  }
}
