const FIRST_CAPACITY = 256;

/** Whole numbers of 32 bits in a typed array that grows: four bytes each, however many there are. */
export class GrowingInts<A extends Uint32Array | Int32Array> {
  length = 0;
  private ints: A;

  constructor(private readonly allocate: (length: number) => A) {
    this.ints = allocate(FIRST_CAPACITY);
  }

  push(value: number): void {
    if (this.length === this.ints.length) {
      const larger = this.allocate(this.ints.length * 2);
      larger.set(this.ints);
      this.ints = larger;
    }
    this.ints[this.length] = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.ints[index < 0 ? this.length + index : index] ?? 0;
  }

  setLast(value: number): void {
    this.ints[this.length - 1] = value;
  }

  /** Keeps the first ones. */
  truncate(length: number): void {
    this.length = Math.min(this.length, length);
  }

  /** Big-endian, as the tables of an MP4 are. */
  toBytes(): Buffer {
    const { buffer, byteOffset } = this.ints;
    return Buffer.from(Buffer.from(buffer, byteOffset, this.length * 4)).swap32();
  }
}

export type GrowingUints = GrowingInts<Uint32Array>;

export function growingUints(): GrowingUints {
  return new GrowingInts((length) => new Uint32Array(length));
}

export function growingInts(): GrowingInts<Int32Array> {
  return new GrowingInts((length) => new Int32Array(length));
}
