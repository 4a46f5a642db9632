import type { SequenceParameters } from './bitstream/sequence-parameters.js';
import { buildDecoderConfig, readConfigSets } from './decoder-config.js';
import { type InitSegment, parseInitSegment } from './init-segment.js';
import {
  type KeyFrameSets,
  type ParameterSet,
  readKeyFrameSets,
  sequenceIdOf,
  type SetSyntax,
  setSyntaxOf,
} from './parameter-sets.js';
import { describePictures } from './picture-description.js';
import type { Mp4Fragment } from './sound-track.js';
import { isSyncSample, readTrackFragments } from './track-fragment.js';

/** A camera goes back and forth between a few streams; more are not remembered. */
const MOST_REMEMBERED = 8;

/**
 * Watches what the key frames of one FFmpeg run say of themselves. FFmpeg describes the pictures once, by what the camera announced;
 * a camera whose stream is changed in the middle sends other parameter sets in front of a key frame, and so does one that announced others.
 * A set that comes again, another number of it, and other hints for showing it (`SequenceParameters.configuration`) are no change.
 */
export class ParameterWatch {
  private readonly syntax: SetSyntax | null;
  private readonly known = new Map<string, ParameterSet>();
  /** The init segment of each stream that there was, by `configuration`. */
  private readonly inits = new Map<string, Buffer>();
  private configuration: string | null = null;

  constructor(private readonly init: InitSegment) {
    const { sampleEntry, decoderConfig } = init.video;
    this.syntax = setSyntaxOf(sampleEntry);
    if (!this.syntax) return;
    const sets = readConfigSets(decoderConfig, sampleEntry, this.syntax);
    this.learn(sets);
    const [first] = sets.filter(({ kind }) => kind === 'sequence');
    const parameters = first && this.syntax.parseSequence(first.bytes);
    if (parameters) this.remember(parameters, init.bytes);
  }

  /**
   * Looks at the next fragment.
   * @returns the init segment of this fragment and of those that follow, when it is another one than before; else null
   */
  look(fragment: Mp4Fragment): Buffer | null {
    const { syntax } = this;
    const frame = syntax && keyFrameOf(fragment, this.init);
    const found = frame && readKeyFrameSets(frame, this.init.video.decoderConfig, syntax);
    if (!found) return null;
    this.learn(found.sets);
    const picture = this.known.get(keyOf('picture', found.pictureId));
    const active = picture && this.known.get(keyOf('sequence', sequenceIdOf(picture.bytes, syntax)));
    const parameters = active && syntax.parseSequence(active.bytes);
    if (!parameters || parameters.configuration === this.configuration) return null;
    const init = this.inits.get(parameters.configuration) ?? this.describe(found, { picture, active, parameters });
    this.remember(parameters, init);
    return init;
  }

  private describe({ sets }: KeyFrameSets, { picture, active, parameters }: InForce): Buffer {
    const isWhole = sets.includes(picture) && sets.includes(active);
    // Those of the former pictures are of no use any more, unless a camera repeats only some.
    const latest = new Map((isWhole ? sets : [...this.known.values()]).map((set) => [keyOf(set.kind, set.id), set]));
    const ordered = [active, picture, ...latest.values()];
    const { sampleEntry, decoderConfig } = this.init.video;
    const config = buildDecoderConfig(decoderConfig, sampleEntry, {
      ...{ parameters, active: active.bytes },
      sets: ordered.filter((set, index) => ordered.indexOf(set) === index),
    });
    return describePictures(this.init, { width: parameters.width, height: parameters.height, config });
  }

  private learn(sets: readonly ParameterSet[]): void {
    for (const set of sets) this.known.set(keyOf(set.kind, set.id), set);
  }

  private remember({ configuration }: SequenceParameters, init: Buffer): void {
    this.configuration = configuration;
    this.inits.set(configuration, init);
    const [oldest] = this.inits.keys();
    if (this.inits.size > MOST_REMEMBERED) this.inits.delete(oldest!);
  }
}

/**
 * The init segment of a run as its first fragment has it: FFmpeg describes the pictures by what the camera announced, which may be older
 * than what it sends.
 */
export function describeFirst(initBytes: Buffer, fragment: Mp4Fragment): Buffer {
  return new ParameterWatch(parseInitSegment(initBytes)).look(fragment) ?? initBytes;
}

/** What the pictures of a key frame refer to. */
interface InForce {
  picture: ParameterSet;
  active: ParameterSet;
  parameters: SequenceParameters;
}

function keyOf(kind: ParameterSet['kind'], id: number): string {
  return `${kind} ${id}`;
}

/** The first picture of a fragment that begins with a key frame. */
function keyFrameOf({ moof, mdat }: Mp4Fragment, init: InitSegment): Buffer | null {
  const video = readTrackFragments(moof, init).find(({ track }) => track === init.video);
  const run = video?.runs.find(({ samples }) => samples.length > 0);
  if (!video || !run || run.dataOffset === null || !isSyncSample(video.firstFlags)) return null;
  const start = run.dataOffset - moof.length;
  return mdat.subarray(Math.max(0, start), start + run.samples[0]!.sizeBytes);
}
