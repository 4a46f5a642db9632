import { secOf, wallOf } from './spans.js';
import { formatClock } from './words.js';

const STEP_SEC = 5;

/** The bar under the picture: the recording on the wall clock, with its gaps. */
export class Timeline {
  #spans = [];
  #tiles = [];

  constructor(elements, video) {
    Object.assign(this, elements, { video });
    const { timeline } = this;
    timeline.addEventListener('pointerdown', (event) => {
      timeline.setPointerCapture(event.pointerId);
      this.#seek(event);
    });
    timeline.addEventListener('pointermove', (event) => {
      this.#hover(event);
      if (timeline.hasPointerCapture(event.pointerId)) this.#seek(event);
    });
    timeline.addEventListener('pointerleave', () => (this.preview.hidden = true));
    timeline.addEventListener('keydown', (event) => this.#key(event));
    video.addEventListener('timeupdate', () => this.update());
    video.addEventListener('seeking', () => this.update());
  }

  /** @param spans see spans.js */
  show(spans) {
    this.#spans = spans;
    const stretches = spans.map(({ startAtMs, endAtMs }) => {
      const stretch = document.createElement('span');
      stretch.style.left = `${this.#share(startAtMs) * 100}%`;
      stretch.style.width = `${(this.#share(endAtMs) - this.#share(startAtMs)) * 100}%`;
      return stretch;
    });
    this.track.replaceChildren(...stretches);
    this.update();
  }

  /** @param tiles `{startSec, endSec, url, x, y, width, height}` in the time of the video file, which gaps are a part of */
  showTiles(tiles) {
    this.#tiles = tiles;
  }

  update() {
    const atMs = wallOf(this.#spans, this.video.currentTime);
    if (atMs === null) return;
    const percent = `${this.#share(atMs) * 100}%`;
    this.played.style.width = percent;
    this.head.style.left = percent;
    this.clock.textContent = formatClock(atMs);
    this.timeline.setAttribute('aria-valuemin', '0');
    this.timeline.setAttribute('aria-valuemax', String(Math.round((this.#endMs - this.#startMs) / 1_000)));
    this.timeline.setAttribute('aria-valuenow', String(Math.round((atMs - this.#startMs) / 1_000)));
    this.timeline.setAttribute('aria-valuetext', formatClock(atMs));
  }

  get #startMs() {
    return this.#spans[0]?.startAtMs ?? 0;
  }

  get #endMs() {
    return this.#spans.at(-1)?.endAtMs ?? 0;
  }

  #share(atMs) {
    const lengthMs = this.#endMs - this.#startMs;
    return lengthMs > 0 ? Math.min(1, Math.max(0, (atMs - this.#startMs) / lengthMs)) : 0;
  }

  #wallAt({ clientX }) {
    const { left, width } = this.timeline.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - left) / width));
    return { share, atMs: this.#startMs + share * (this.#endMs - this.#startMs) };
  }

  #seek(event) {
    this.video.currentTime = secOf(this.#spans, this.#wallAt(event).atMs);
  }

  #hover(event) {
    const { share, atMs } = this.#wallAt(event);
    this.preview.hidden = false;
    this.preview.style.left = `${share * 100}%`;
    this.hover.textContent = formatClock(atMs);
    const sec = (atMs - this.#startMs) / 1_000;
    const tile = this.#tiles.find(({ endSec }) => sec < endSec) ?? this.#tiles.at(-1);
    if (!tile) return;
    const { url, x, y, width, height } = tile;
    Object.assign(this.tile.style, {
      width: `${width}px`,
      height: `${height}px`,
      backgroundImage: `url("${url}")`,
      backgroundPosition: `${-x}px ${-y}px`,
    });
  }

  #key(event) {
    const { video } = this;
    const end = Number.isFinite(video.duration) ? video.duration : video.currentTime;
    const targets = {
      ArrowLeft: video.currentTime - STEP_SEC,
      ArrowRight: video.currentTime + STEP_SEC,
      Home: 0,
      End: end,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    video.currentTime = Math.min(Math.max(0, target), end);
  }
}

/** The cues of a WebVTT file whose texts are `sprite#xywh=x,y,w,h`. */
export function parseTiles(vtt, urlOf) {
  const cue = /([\d:.]+) --> ([\d:.]+)[^\n]*\n(\S+?)#xywh=(\d+),(\d+),(\d+),(\d+)/g;
  return [...vtt.matchAll(cue)].map(([, from, to, path, ...numbers]) => {
    const [x, y, width, height] = numbers.map(Number);
    return { startSec: secondsOf(from), endSec: secondsOf(to), url: urlOf(path), x, y, width, height };
  });
}

function secondsOf(stamp) {
  return stamp.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
