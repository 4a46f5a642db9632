import { spansOf } from './spans.js';

/** How far behind the newest segment a live picture runs at least: a segment that comes late is no stall. */
const LIVE_DELAY_SEC = 6;
/** With less than this ahead, a live picture runs somewhat slower, so that it need not stop. */
const LOW_SEC = 2.5;
const SLOW_RATE = 0.9;
/** What was seen stays in memory so long, for a short way back. */
const KEEP_SEC = 90;
const RETRY_MS = 1_000;
const MAX_REPAIRS = 5;
/** A picture that stands for two looks, this near to the end of a stored video, is the last one. */
const LOOK_MS = 500;
const END_SEC = 0.5;

/** hls.js where a browser takes media from scripts, the browser's own HLS where it does not (Safari on older phones). */
export class Player {
  #hls = null;
  #spans = [];
  #repairs = 0;
  #stoodAtSec = -1;

  /** @param onChange called when there is more to see */
  constructor(video, access, { onChange, onFailure }) {
    this.video = video;
    this.access = access;
    this.onChange = onChange;
    this.onFailure = onFailure;
  }

  /** Footage on the wall clock; empty when the stream does not tell. */
  get spans() {
    return this.#spans;
  }

  /** The newest moment that can be played. */
  get edgeSec() {
    const { seekable } = this.video;
    const last = seekable.length > 0 ? seekable.end(seekable.length - 1) : 0;
    return Math.max(0, (this.#hls?.liveSyncPosition ?? last) || last);
  }

  /**
   * Plays a playlist; a live one from near its end.
   * @param longestSec of its segments: the next one is not there before it is whole
   */
  playStream(path, longestSec) {
    const url = this.access.urlOf(path);
    if (!globalThis.Hls?.isSupported()) return this.#playByItself(url);
    const { access } = this;
    const hls = (this.#hls = new Hls({
      enableWorker: false,
      liveSyncDuration: Math.max(LIVE_DELAY_SEC, 2 * longestSec + 2),
      backBufferLength: KEEP_SEC,
      xhrSetup: (xhr, address) => xhr.open('GET', access.refresh(address), true),
    }));
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => this.#take(details));
    hls.on(Hls.Events.FRAG_CHANGED, () => hls.latestLevelDetails && this.#take(hls.latestLevelDetails));
    hls.on(Hls.Events.ERROR, (_event, data) => data.fatal && this.#repair(data));
    hls.loadSource(url);
    hls.attachMedia(this.video);
    this.video.addEventListener('timeupdate', () => this.#pace());
    setInterval(() => this.#endWhenOver(), LOOK_MS);
    this.#start();
  }

  /** Plays the video file, which has no index for streaming. */
  playFile(path, spans) {
    this.#spans = spans;
    this.#playByItself(this.access.urlOf(path));
  }

  #playByItself(url) {
    this.video.src = url;
    this.video.addEventListener('durationchange', () => this.onChange());
    this.video.addEventListener('error', () => this.onFailure(this.video.error?.message || 'It cannot be played.'));
    this.#start();
  }

  #start() {
    this.video.hidden = false;
    // Muted, a browser lets it begin by itself; where it does not, there is the button.
    this.video.play().catch(() => {});
  }

  #pace() {
    const { video } = this;
    const { buffered, currentTime, playbackRate } = video;
    if (playbackRate !== 1 && playbackRate !== SLOW_RATE) return; // somebody has chosen another one
    const aheadSec = buffered.length > 0 ? buffered.end(buffered.length - 1) - currentTime : 0;
    const isLow = this.#hls.latestLevelDetails?.live === true && aheadSec < LOW_SEC;
    video.playbackRate = isLow ? SLOW_RATE : 1;
  }

  /** Sound and pictures of the last segment may end a little before the playlist says so: hls.js would wait for the rest for ever. */
  #endWhenOver() {
    const { currentTime, duration, ended, paused, seeking } = this.video;
    const isOver = this.#hls.latestLevelDetails?.live === false && duration - currentTime < END_SEC;
    if (ended || paused || seeking || !isOver) return;
    if (currentTime === this.#stoodAtSec) this.#hls.trigger(Hls.Events.BUFFER_EOS, {});
    this.#stoodAtSec = currentTime;
  }

  #take(details) {
    this.#spans = spansOf(details.fragments);
    this.onChange();
  }

  #repair({ type, details, response }) {
    if ((this.#repairs += 1) > MAX_REPAIRS) return this.onFailure(`The player gave up: ${details}.`);
    if (type === Hls.ErrorTypes.MEDIA_ERROR) return this.#hls.recoverMediaError();
    // A link to the store that has expired: the playlist has a new one.
    const anew = response?.code === 403 || response?.code === 404;
    setTimeout(async () => {
      await this.access.ensure().catch(() => {});
      if (anew) this.#hls.loadSource(this.access.urlOf('stream/playlist.m3u8'));
      this.#hls.startLoad(this.video.currentTime);
    }, RETRY_MS * this.#repairs);
  }
}
