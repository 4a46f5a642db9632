import { AppError } from '../common/errors.js';

/** @param missing one sentence that says what was looked for; null: it is the other tool that is missing */
export function ffmpegMissing(missing: string | null): AppError {
  const code = 'RECORDING.FFMPEG_MISSING';
  return missing === null ? new AppError({ code }) : new AppError({ code, message: missing });
}
