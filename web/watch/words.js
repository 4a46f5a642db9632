/** What the page says. */

export const STATUS = {
  PENDING: 'Starting',
  RECORDING: 'Recording',
  PROCESSING: 'Storing',
  COMPLETED: 'Stored',
  FAILED: 'Failed',
};

const CAUSES = {
  no_pre_roll: 'nobody was recording yet',
  camera_starting: 'the camera took its time',
  camera_unreachable: 'the camera did not answer',
  camera_refused: 'the camera refused',
  camera_lost: 'the camera was lost',
  stalled: 'the stream stood still',
  clock_jumped: 'a clock jumped',
  no_video: 'the camera sent no pictures',
  codec_changed: 'the stream changed',
  waiting_for_slot: 'all recording slots were taken',
  disk_full: 'the disk was full',
  service_stopped: 'the service was not running',
  ffmpeg_failed: 'FFmpeg failed',
};

/** What stands where no picture is: a sentence, and one more when there is more to say. */
export function curtainOf({ recordingStatus, reason, isStreamable }, refusal) {
  switch (recordingStatus) {
    case 'PENDING':
      return { message: 'Waiting for the camera’s first picture…', isBusy: true };
    case 'RECORDING':
      return { message: 'It is being recorded; the picture comes in a moment…', detail: later(refusal), isBusy: true };
    case 'PROCESSING':
      return { message: 'The recording is being stored…', detail: reason ?? later(refusal), isBusy: true };
    case 'FAILED':
      return { message: 'This recording failed.', detail: reason ?? '', isBusy: false };
    default:
      return { message: isStreamable ? 'Loading…' : 'Loading the video…', detail: later(refusal), isBusy: true };
  }
}

/** That there is no picture yet needs no explanation. */
function later(refusal) {
  return refusal && refusal.code !== 'PLAYBACK.NOT_READY' ? refusal.message : '';
}

/** A null `cause` is not known yet. */
export function gapText({ startAt, endAt, cause }) {
  const missing = formatLength((Date.parse(endAt) - Date.parse(startAt)) / 1_000);
  const text = `${missing} missing at ${formatClock(Date.parse(startAt))}`;
  return cause === null ? text : `${text}: ${CAUSES[cause] ?? 'nobody knows why'}`;
}

export function formatClock(atMs) {
  return new Date(atMs).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

export function formatDay(atMs) {
  return new Date(atMs).toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'medium' });
}

/** `4.2 s`, `3:05`, `1:02:03`. */
export function formatLength(sec) {
  if (sec < 10) return `${sec.toFixed(1)} s`;
  const whole = Math.round(sec);
  const [hours, minutes, seconds] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
