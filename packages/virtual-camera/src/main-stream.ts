import type { Clip } from './clip/clip.js';
import { loadStream } from './load-stream.js';
import type { Oddities } from './oddities/oddities.js';
import type { StreamSetup } from './options.js';
import type { StreamChange } from './stream-change.js';
import { checkStreamChange, planStreamChange } from './stream-change.js';

/** The camera's first stream, the one that somebody may reconfigure. */
export class MainStream {
  /** `streams` is the map that the servers read; `original` what the stream was when the camera began. */
  constructor(
    private readonly streams: Map<string, Clip>,
    private readonly original: StreamSetup,
    private readonly oddities: Readonly<Oddities>,
  ) {}

  /** Encodes what the change needs; the function returned puts it in force for the sessions that come. */
  async prepare(change: StreamChange): Promise<() => void> {
    const setup = planStreamChange(this.original, checkStreamChange(change));
    const clip = await loadStream(setup, this.oddities);
    return () => void this.streams.set(setup.name, clip);
  }
}
