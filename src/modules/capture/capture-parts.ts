import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Arrival } from '../footage/index.js';
import { FragmentSplitter, type Mp4Part } from '../../mp4/fragment-splitter.js';
import { SoundTrack } from '../../mp4/sound-track.js';
import type { ChosenSound } from './domain/track-choice.js';
import type { FfmpegProcess } from './ffmpeg.process.js';

export interface ArrivedPart {
  part: Mp4Part;
  arrival: Arrival;
}

/**
 * What an FFmpeg gives, to the end of its pipe: an init segment, then fragments of pictures with the sound that has come by then.
 * @param sound what is encoded, into a file of its own; null: none is
 */
export async function* readParts(
  ffmpeg: FfmpegProcess,
  sound: ChosenSound | null,
  nowMs: () => number,
): AsyncGenerator<ArrivedPart> {
  const splitter = new FragmentSplitter();
  const track = sound && !sound.isCopied ? new SoundTrack(sound) : null;
  const heard = track && listen(ffmpeg, track);
  for await (const chunk of ffmpeg.stdout) {
    const arrival = { wallMs: nowMs(), monoMs: performance.now() };
    // What was given before these pictures lies in the other pipe: after two turns of the event loop it has been read.
    if (track) for (let turn = 0; turn < 2; turn += 1) await nextTurn();
    heard?.check();
    for (const part of splitter.push(chunk as Buffer)) {
      yield { arrival, part: track ? withSound(track, part) : part };
    }
  }
}

function withSound(track: SoundTrack, part: Mp4Part): Mp4Part {
  if (part.kind === 'init') return { kind: 'init', bytes: track.describe(part.bytes) };
  return { kind: 'fragment', ...track.join(part) };
}

/** Reads the sound as it comes; it is little. */
function listen(ffmpeg: FfmpegProcess, track: SoundTrack): { check(): void } {
  const splitter = new FragmentSplitter();
  let fault: unknown = null;
  ffmpeg.sound.on('data', (chunk: Buffer) => {
    if (fault !== null) return;
    try {
      for (const part of splitter.push(chunk)) if (part.kind === 'fragment') track.add(part);
    } catch (error) {
      fault = error;
    }
  });
  return {
    check: () => {
      if (fault !== null) throw fault as Error;
    },
  };
}
