/** Reads bits from a NAL unit's payload; past the end everything is 0, so a damaged one cannot throw. */
export class BitReader {
  private at = 0;
  private readonly bytes: Uint8Array;

  /** @param nal the unit with its emulation prevention bytes, without start code */
  constructor(nal: Uint8Array) {
    this.bytes = nal.filter((byte, i) => !(byte === 3 && i >= 2 && nal[i - 1] === 0 && nal[i - 2] === 0));
  }

  /** How many bits have been read. */
  get position(): number {
    return this.at;
  }

  /** The bits from one position to another, to be compared. */
  text(from: number, to: number): string {
    const bitAt = (at: number) => ((this.bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
    return Array.from({ length: to - from }, (_, i) => bitAt(from + i)).join('');
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      value = value * 2 + (((this.bytes[this.at >> 3] ?? 0) >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Exp-Golomb code, unsigned. */
  ue(): number {
    let zeros = 0;
    while (zeros < 32 && !this.flag()) zeros++;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb code, signed. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
