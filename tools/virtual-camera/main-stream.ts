import type { Clip } from './clip/clip.js';
import { loadClip } from './clip/clip.js';
import type { StreamSetup } from './options.js';
import type { StreamChange } from './stream-change.js';
import { checkStreamChange, planStreamChange } from './stream-change.js';

/** The camera's first stream, the one that somebody may reconfigure. */
export class MainStream {
  /** `streams` is the map that the servers read; `original` what the stream was when the camera began. */
  constructor(
    private readonly streams: Map<string, Clip>,
    private readonly original: StreamSetup,
  ) {}

  /** Encodes what the change needs; the function returned puts it in force for the sessions that come. */
  async prepare(change: StreamChange): Promise<() => void> {
    const { name, video, audio } = planStreamChange(this.original, checkStreamChange(change));
    const clip = await loadClip(video, audio);
    return () => void this.streams.set(name, clip);
  }
}
