/** Locks that others hold: when each was last seen taken. A lock counts as free only after it was seen free for a while. */
export class HeldLocks {
  private readonly seenAtMs = new Map<string, number>();
  private allSeenAtMs = -Infinity;

  /**
   * @param delayMs how long a lock must have been free
   * @param nowMs monotonic
   */
  constructor(
    private readonly delayMs: number,
    private readonly nowMs: () => number,
  ) {}

  get names(): string[] {
    return [...this.seenAtMs.keys()];
  }

  /** It is taken at this moment. */
  note(name: string): void {
    this.seenAtMs.set(name, this.nowMs());
  }

  /** Somebody is said to hold it; counts from the first time that this was said, or from `agoMs` before. */
  suspect(name: string, agoMs = 0): void {
    if (!this.seenAtMs.has(name)) this.seenAtMs.set(name, this.nowMs() - agoMs);
  }

  /** Somebody waits for it: it is among `names` from now on. */
  watch(name: string): void {
    if (!this.seenAtMs.has(name)) this.seenAtMs.set(name, -Infinity);
  }

  /** Every lock may have been taken until now, unnoticed by us. */
  noteAll(): void {
    this.allSeenAtMs = this.nowMs();
  }

  isFree(name: string): boolean {
    const seenAtMs = Math.max(this.seenAtMs.get(name) ?? -Infinity, this.allSeenAtMs);
    return this.nowMs() - seenAtMs >= this.delayMs;
  }

  /** Nobody asks for the other ones any more. */
  keepOnly(names: readonly string[]): void {
    const asked = new Set(names);
    for (const name of this.names) if (!asked.has(name)) this.seenAtMs.delete(name);
  }

  forget(): void {
    this.seenAtMs.clear();
    this.allSeenAtMs = -Infinity;
  }
}
