/** One block of FFmpeg's `-progress` output. */
export interface FfmpegProgress {
  frames: number;
  fps: number;
  bitrateKbps: number;
  totalBytes: number;
  outTimeMs: number;
}

/**
 * Reads `-progress` output (lines `key=value`, a block ends with `progress=…`) piece by piece.
 * Values that FFmpeg does not know yet (`N/A`) count as 0.
 */
export class ProgressParser {
  private rest = '';
  private fields = new Map<string, string>();

  /** @returns the newest block that was completed by `text`, or null */
  push(text: string): FfmpegProgress | null {
    const lines = (this.rest + text).split('\n');
    this.rest = (lines.pop() ?? '').slice(-1_000);
    let newest: FfmpegProgress | null = null;
    for (const line of lines) {
      const at = line.indexOf('=');
      if (at < 0) continue;
      const key = line.slice(0, at).trim();
      if (key === 'progress') {
        newest = this.finishBlock();
        continue;
      }
      this.fields.set(key, line.slice(at + 1).trim());
    }
    return newest;
  }

  private finishBlock(): FfmpegProgress {
    const number = (key: string) => Number.parseFloat(this.fields.get(key) ?? '') || 0;
    const progress = {
      frames: number('frame'),
      fps: number('fps'),
      bitrateKbps: number('bitrate'),
      totalBytes: number('total_size'),
      // `out_time_ms` has always been microseconds (FFmpeg ticket 7345); `out_time_us` says so but came later.
      outTimeMs: number('out_time_ms') / 1_000,
    };
    this.fields = new Map();
    return progress;
  }
}
