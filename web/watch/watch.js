import { Access, LoginNeeded, Refusal } from './access.js';
import { Player } from './player.js';
import { holesOf } from './spans.js';
import { parseTiles, Timeline } from './timeline.js';
import { curtainOf, formatDay, formatLength, gapText, STATUS } from './words.js';

const POLL_MS = 1_000;
/** A live picture begins with so much ahead: two segments, within these bounds. */
const START_SEC = { min: 4, max: 8 };
/** Pictures for scrubbing come somewhat after the video. */
const SPRITE_TRIES = 60;

const $ = (id) => document.getElementById(id);
const access = new Access(location.search);
const player = new Player($('video'), access, {
  onChange: showProgress,
  onFailure: (why) => lower('It stopped.', why),
});
const timeline = new Timeline(
  {
    ...{ timeline: $('timeline'), track: $('track'), played: $('played'), head: $('head'), clock: $('clock') },
    ...{ preview: $('preview'), tile: $('tile'), hover: $('hover') },
  },
  $('video'),
);
let state = null;
let isPlaying = false;
let hasTiles = false;
let spriteTries = 0;

/** Looks at the recording, and again until nothing more will change. */
async function look() {
  try {
    state = await access.getJson('watch/state');
    showState();
    if (!isPlaying) await begin();
    if (state.hasSprite && !hasTiles) await loadTiles();
  } catch (error) {
    if (error instanceof LoginNeeded && !isPlaying) return askForLogin(error.message);
    if (error instanceof Refusal && error.status === 404) return lower('There is no such recording.', error.message);
    if (!isPlaying) lower('The service does not answer; trying again…', '', true);
  }
  if (!isSettled()) setTimeout(look, POLL_MS);
}

function isSettled() {
  if (state?.recordingStatus === 'FAILED') return true;
  return state?.recordingStatus === 'COMPLETED' && isPlaying && (hasTiles || (spriteTries += 1) > SPRITE_TRIES);
}

async function begin() {
  const { recordingStatus, isStreamable } = state;
  if (recordingStatus === 'PENDING') return showCurtain(null);
  if (recordingStatus === 'COMPLETED' && !isStreamable) return beginFile();
  const response = await fetch(access.urlOf('stream/playlist.m3u8'), { cache: 'no-store' });
  if (!response.ok) return showCurtain(new Refusal(response.status, await response.json().catch(() => ({}))));
  const lengthsSec = [...(await response.text()).matchAll(/#EXTINF:([\d.]+)/g)].map(([, sec]) => Number(sec));
  const longestSec = Math.max(...lengthsSec);
  const wantedSec = Math.min(Math.max(2 * longestSec, START_SEC.min), START_SEC.max);
  const thereSec = lengthsSec.reduce((sum, sec) => sum + sec, 0);
  if (recordingStatus === 'RECORDING' && thereSec < wantedSec) return showCurtain(null);
  player.playStream('stream/playlist.m3u8', longestSec);
  raise();
}

function beginFile() {
  const startAtMs = Date.parse(state.startedAt ?? state.createdAt);
  const endAtMs = startAtMs + (state.durationMs ?? 0);
  player.playFile('video', [{ startAtMs, endAtMs, startSec: 0 }]);
  raise();
  showProgress();
}

async function loadTiles() {
  const response = await fetch(access.urlOf('thumbnails.vtt'));
  if (!response.ok) return;
  timeline.showTiles(parseTiles(await response.text(), (path) => access.urlOf(path.split('?')[0])));
  hasTiles = true;
}

function showState() {
  const { recordingStatus, cameraName, eventType, description, createdAt, startedAt } = state;
  $('title').textContent = cameraName || 'Recording';
  document.title = `${cameraName || 'Recording'} · Hindsight`;
  const when = formatDay(Date.parse(startedAt ?? createdAt));
  $('subtitle').textContent = [when, description ?? eventType].filter(Boolean).join(' · ');
  $('status').hidden = false;
  $('status').dataset.status = recordingStatus;
  if ($('status').textContent !== STATUS[recordingStatus]) $('status').textContent = STATUS[recordingStatus];
  $('live').hidden = recordingStatus !== 'RECORDING';
  $('login').hidden = true;
  showGaps();
}

function showProgress() {
  const { spans } = player;
  $('scrubber').hidden = spans.length === 0;
  timeline.show(spans);
  const footageMs = spans.reduce((sum, { startAtMs, endAtMs }) => sum + endAtMs - startAtMs, 0);
  $('length').textContent = `· ${formatLength(footageMs / 1_000)} of footage`;
  showGaps();
}

/** The ledger knows why; before it is written there is only what is missing in the stream. */
function showGaps() {
  const seen = holesOf(player.spans).map(({ startAtMs, endAtMs }) => ({
    startAt: new Date(startAtMs).toISOString(),
    endAt: new Date(endAtMs).toISOString(),
    cause: null,
  }));
  const known = state?.gaps.length ? state.gaps : seen;
  const lines = known.map((gap) => {
    const line = document.createElement('li');
    line.textContent = gapText(gap);
    return line;
  });
  $('gaps').replaceChildren(...lines);
}

function showCurtain(refusal) {
  const { message, detail, isBusy } = curtainOf(state, refusal);
  lower(message, detail, isBusy);
}

function lower(message, detail = '', isBusy = false) {
  $('curtain').hidden = false;
  if ($('message').textContent !== message) $('message').textContent = message;
  if ($('detail').textContent !== detail) $('detail').textContent = detail;
  $('spinner').hidden = !isBusy;
}

function raise() {
  isPlaying = true;
  $('curtain').hidden = true;
}

function askForLogin(why) {
  $('stage').hidden = true;
  $('why').textContent = why;
  $('login').hidden = false;
  $('username').focus();
}

$('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  $('fault').textContent = '';
  try {
    await access.login($('username').value, $('password').value);
    $('password').value = '';
    $('login').hidden = true;
    $('stage').hidden = false;
    lower('Loading…', '', true);
    await look();
  } catch (error) {
    $('fault').textContent = error instanceof Refusal ? error.message : 'The service does not answer.';
  }
});
$('from-start').addEventListener('click', () => (player.video.currentTime = 0));
$('live').addEventListener('click', () => {
  player.video.currentTime = player.edgeSec;
  void player.video.play();
});

await look();
