/** The longest line that FFmpeg writes is 1,024 bytes (LINE_SZ in libavutil/log.c), and a prefix. */
const MAX_LINE_LENGTH = 8_192;

/** Cuts a text that comes piece by piece into lines, in time that is linear in its length. What is beyond the limit of a line is dropped. */
export class LineSplitter {
  private rest = '';

  /** @returns the lines that `text` has completed */
  push(text: string): string[] {
    const [first = '', ...others] = text.split(/[\r\n]+/);
    this.rest += first.slice(0, MAX_LINE_LENGTH - this.rest.length);
    const lines: string[] = [];
    for (const next of others) {
      lines.push(this.rest);
      this.rest = next.slice(0, MAX_LINE_LENGTH);
    }
    return lines;
  }

  /** What came behind the last line end. */
  end(): string {
    return this.rest;
  }
}
