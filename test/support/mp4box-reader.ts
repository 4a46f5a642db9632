import { createFile, MP4BoxBuffer } from 'mp4box';

export interface ReadSample {
  offset: number;
  sizeBytes: number;
  dts: number;
  cts: number;
  durationTicks: number;
  isSync: boolean;
}

export interface ReadTrack {
  trackId: number;
  timescale: number;
  /** Of the header of the media (`mdhd`), and of the track (`tkhd`, in ticks of the movie). */
  mediaTicks: number;
  movieTicks: number;
  edits: { durationTicks: number; mediaTicks: number }[];
  samples: ReadSample[];
}

export interface ReadMovie {
  movieTimescale: number;
  movieTicks: number;
  isFragmented: boolean;
  /** Boxes of the file. */
  boxes: { type: string; start: number; sizeBytes: number }[];
  tracks: ReadTrack[];
}

/** Reads an MP4 with a parser that is not ours. */
export function readMovie(bytes: Buffer): ReadMovie {
  const file = createFile();
  const faults: string[] = [];
  file.onError = (module, message) => faults.push(`${module}: ${message}`);
  const whole = new ArrayBuffer(bytes.length);
  new Uint8Array(whole).set(bytes);
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(whole, 0));
  file.flush();
  if (faults.length > 0) throw new Error(faults.join('; '));
  const info = file.getInfo();
  return {
    ...{ movieTimescale: info.timescale, movieTicks: info.duration, isFragmented: info.isFragmented },
    boxes: file.boxes.map(({ type, start, size }) => ({ type, start: start ?? 0, sizeBytes: size })),
    tracks: info.tracks.map(({ id, timescale, duration, movie_duration, edits }) => ({
      ...{ trackId: id, timescale, mediaTicks: duration, movieTicks: movie_duration },
      edits: (edits ?? []).map((edit) => ({ durationTicks: edit.segment_duration, mediaTicks: edit.media_time })),
      samples: file.getTrackSamplesInfo(id).map((sample) => ({
        ...{ offset: sample.offset, sizeBytes: sample.size, dts: sample.dts, cts: sample.cts },
        ...{ durationTicks: sample.duration, isSync: sample.is_sync },
      })),
    })),
  };
}
