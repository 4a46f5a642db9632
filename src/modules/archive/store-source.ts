import { type FragmentSource, TornFootage } from '../footage/index.js';
import type { FootageStore } from '../storage/index.js';

/** Small reads in a row are answered out of one request. */
const BLOCK_BYTES = 4 * 1024 * 1024;

interface Block {
  key: string;
  offset: number;
  bytes: Buffer;
}

/** Segments in the footage store, by their keys. */
export class StoreSource implements FragmentSource {
  private block: Block | null = null;

  /** @param sizes in bytes, by key, of all segments that may be asked for */
  constructor(
    private readonly store: FootageStore,
    private readonly sizes: ReadonlyMap<string, number>,
  ) {}

  async read(key: string, offset: number, into: Buffer): Promise<void> {
    const sizeBytes = this.sizes.get(key) ?? 0;
    if (offset + into.length > sizeBytes) throw new TornFootage(key);
    if (into.length >= BLOCK_BYTES) return this.fetch(key, offset, into);
    if (!this.block || !holds(this.block, key, offset, into.length)) {
      const bytes = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, sizeBytes - offset));
      await this.fetch(key, offset, bytes);
      this.block = { key, offset, bytes };
    }
    this.block.bytes.copy(into, 0, offset - this.block.offset);
  }

  async close(): Promise<void> {
    this.block = null;
  }

  private async fetch(key: string, offset: number, into: Buffer): Promise<void> {
    if (into.length === 0) return;
    let filled = 0;
    const body = await this.store.openRead(key, { start: offset, end: offset + into.length - 1 });
    for await (const chunk of body as AsyncIterable<Buffer>) filled += chunk.copy(into, filled);
    if (filled < into.length) throw new TornFootage(key);
  }
}

function holds(block: Block, key: string, offset: number, sizeBytes: number): boolean {
  return block.key === key && offset >= block.offset && offset + sizeBytes <= block.offset + block.bytes.length;
}
