import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { bodyOf, type PlaybackResponse } from '@hindsight/client';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { freePort } from '../free-port.js';
import { ServiceProcess } from '../service-process.js';
import { bold, dim, StepView } from './terminal.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

const CAMERA_PASSWORD = 'p@ss:w/rd#%&"?é';
const RECORD_MS = 6_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const FIRST_PICTURE_TIMEOUT_MS = 30_000;
const COMPLETE_TIMEOUT_MS = 60_000;

interface Running {
  service: ServiceProcess;
  camera: VirtualCamera;
  dataDir: string;
}

const view = new StepView();

/**
 * The main job on embedded defaults, step by step, with the time of each. Its folder is its own, so that the first real start finds
 * nothing of the demo's.
 */
async function demo(keep: boolean): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'hindsight-demo-'));
  try {
    await runIn(dataDir, keep);
  } finally {
    if (keep) view.row('kept', `${dataDir} ${dim('is yours to remove')}`);
    else await rm(dataDir, { recursive: true, force: true });
  }
}

async function runIn(dataDir: string, keep: boolean): Promise<void> {
  const stopped = interruption();
  stopped.catch(() => undefined); // heard below, as soon as there is something to stop
  view.heading('Hindsight · a motion event becomes a verified video');
  const camera = await view.step(
    'virtual camera on the air',
    () => startVirtualCamera({ name: 'Back door', profile: 'h264-pcmu', username: 'admin', password: CAMERA_PASSWORD }),
    ({ onvifPort }) => `H.264 + G.711, ONVIF on port ${onvifPort}, RTSP with Digest`,
  );
  let service: ServiceProcess | undefined;
  try {
    const start = () => startService(dataDir);
    service = await view.step('PostgreSQL and the service are up', start, ({ baseUrl }) => `${baseUrl}, in ${dataDir}`);
    const running = { service, camera, dataDir };
    await Promise.race([mainJob(running), stopped]);
    if (keep) await keepRunning(running);
  } finally {
    await service?.stop();
    await camera.stop();
  }
}

async function startService(dataDir: string): Promise<ServiceProcess> {
  const port = await portNear(Number(process.env['PORT'] ?? 3_000));
  const env = {
    DATA_DIR: dataDir,
    RECORD_DIR: undefined,
    DATABASE_URL: undefined,
    STORAGE_MODE: 'local',
    // TMPDIR may be small; the demo writes a few MB.
    MIN_FREE_DISK_BYTES: '67108864',
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  };
  return ServiceProcess.start({
    env,
    cwd: dataDir,
    username: process.env['ADMIN_USERNAME'] ?? 'admin',
    // Unless the environment brings one, the one that this first start prints.
    ...(process.env['ADMIN_PASSWORD'] ? { password: process.env['ADMIN_PASSWORD'] } : {}),
  });
}

async function mainJob({ service, camera }: Running): Promise<void> {
  await view.step(
    'logged in',
    () => service.login(),
    () => 'as the administrator',
  );
  const { id: cameraId } = await view.step(
    'camera added by ONVIF',
    () => addCamera(service, camera),
    ({ streams }) => streams,
  );
  const triggeredAt = performance.now();
  const event = await view.step(
    'MOTION event accepted',
    () =>
      bodyOf(
        service.api.POST('/events', {
          body: { cameraId, type: 'MOTION', description: 'Somebody at the back door' },
        }),
      ),
    ({ id }) => `event ${id}`,
  );
  const { playbackId } = event;
  if (playbackId === null) throw new Error('the event is not recorded');
  await follow(service, playbackId, triggeredAt);
  const endedAt = performance.now();
  await view.step(
    'event ended',
    () => bodyOf(service.api.POST('/events/{id}/end', { params: { path: { id: event.id } } })),
    () => 'FFmpeg gets SIGINT, the rest is asynchronous',
  );
  const playback = await waitForEnd(service, playbackId);
  view.done(
    'COMPLETED after the end',
    performance.now() - endedAt,
    'the rest sent, the object seen and probed in the store',
  );
  await show(service, playback, camera);
}

async function addCamera(
  service: ServiceProcess,
  { onvifHost, onvifPort }: VirtualCamera,
): Promise<{ id: string; streams: string }> {
  const onvif = { host: onvifHost, port: onvifPort, username: 'admin', password: CAMERA_PASSWORD };
  const { id } = await bodyOf(service.api.POST('/cameras', { body: { name: 'Back door', onvif } }));
  const probe = service.api.POST('/cameras/{id}/probe', { params: { path: { id } } });
  const { streams, reason } = await bodyOf(probe);
  if (!streams?.length) throw new Error(`the camera does not answer as it should: ${reason}`);
  return {
    id,
    streams: streams.map(({ codec, width, height }) => (width ? `${codec} ${width}x${height}` : codec)).join(' + '),
  };
}

/** Shows the recording while it runs, until there are some seconds of footage. */
async function follow(service: ServiceProcess, playbackId: string, triggeredAt: number): Promise<void> {
  const deadline = performance.now() + FIRST_PICTURE_TIMEOUT_MS;
  let first = false;
  while (performance.now() - triggeredAt < RECORD_MS || !first) {
    const playback = await getPlayback(service, playbackId);
    const { recordingStatus, progress } = playback;
    if (recordingStatus === 'FAILED' || performance.now() > deadline)
      throw new Error(`not recording: ${playback.failure?.message ?? recordingStatus}`);
    if (!first && recordingStatus === 'RECORDING') {
      first = true;
      view.done(
        'first footage on disk',
        performance.now() - triggeredAt,
        'after the trigger: a cold camera makes you wait for its next key frame',
      );
    }
    const size = progress
      ? `${progress.frames} frames, ${Math.round(progress.bytes / 1_024)} KiB, ${Math.round(progress.bitrateKbps ?? 0)} kbit/s`
      : 'waiting for the first picture';
    view.update(`recording ${((performance.now() - triggeredAt) / 1_000).toFixed(1)} s · ${size}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  view.done('recorded', performance.now() - triggeredAt, 'video copied, never transcoded; audio to AAC');
}

function getPlayback(service: ServiceProcess, id: string): Promise<PlaybackResponse> {
  return bodyOf(service.api.GET('/playbacks/{id}', { params: { path: { id } } }));
}

async function waitForEnd(service: ServiceProcess, playbackId: string): Promise<PlaybackResponse> {
  const playback = await service.waitFor(async () => {
    const now = await getPlayback(service, playbackId);
    view.update(`${now.recordingStatus} …`);
    return ['COMPLETED', 'FAILED'].includes(now.recordingStatus) ? now : undefined;
  }, COMPLETE_TIMEOUT_MS);
  if (playback.failure) throw new Error(`${playback.failure.code}: ${playback.failure.message}`);
  return playback;
}

async function show(service: ServiceProcess, playback: PlaybackResponse, camera: VirtualCamera): Promise<void> {
  const link = service.api.GET('/playbacks/{id}/download-url', { params: { path: { id: playback.id } } });
  const { url } = await bodyOf(link);
  const { expectedMs, storedMs, gaps } = playback.completeness;
  const missing = gaps
    .map(({ startAt, endAt, cause }) => `${Date.parse(endAt) - Date.parse(startAt)} ms ${cause}`)
    .join(', ');
  process.stdout.write('\n');
  view.row('video', bold(url));
  view.row('ffprobe', await ffprobeLine(url));
  view.row('complete', `${storedMs} of ${expectedMs} ms${missing ? ` ${dim(`(missing: ${missing})`)}` : ''}`);
  view.row('frames', await countFrames(url, camera));
  view.row('sha-256', `${playback.sha256} ${dim(`${playback.fileSizeBytes} bytes`)}`);
  process.stdout.write('\n');
}

async function ffprobeLine(url: string): Promise<string> {
  const { path } = require('@ffprobe-installer/ffprobe') as { path: string };
  const entries = 'format=duration,size,bit_rate:stream=codec_name,width,height,avg_frame_rate,sample_rate';
  const { stdout } = await run(process.env['FFPROBE_PATH'] ?? path, [
    '-v',
    'error',
    '-show_entries',
    entries,
    '-of',
    'compact=nk=0:p=0',
    url,
  ]);
  return stdout.trim().split('\n').join(' | ');
}

/** Every picture of the camera carries its number: what is missing is counted, not guessed. */
async function countFrames(url: string, camera: VirtualCamera): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-demo-'));
  try {
    const path = join(dir, 'video.mp4');
    const response = await fetch(url);
    await writeFile(path, Buffer.from(await response.arrayBuffer()));
    const counters = await readFrameCounters(path);
    const holes = findCounterHoles(counters, camera.loopLength);
    if (holes.length > 0) throw new Error(`${holes.length} holes in the frame counter of the video`);
    return `${counters.length}, none missing ${dim('(read from the number that the camera burns into each picture)')}`;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function keepRunning({ service, camera, dataDir }: Running): Promise<void> {
  view.row('running', `${bold(`${service.baseUrl}/docs`)} ${dim('the API, with a page to try it')}`);
  view.row('data', `${dataDir} ${dim('with the administrator’s password in secrets.json')}`);
  view.row('token', service.accessToken);
  view.row('camera', `ONVIF ${camera.onvifHost}:${camera.onvifPort}, user admin, password ${CAMERA_PASSWORD}`);
  view.row('stop', 'Ctrl-C');
  process.stdout.write('\n');
  await Promise.race(SIGNALS.map((name) => once(process, name)));
}

/** Rejects when the demo is told to stop, so that it takes away what it has made. */
async function interruption(): Promise<never> {
  await Promise.race(SIGNALS.map((name) => once(process, name)));
  throw new Error('stopped before its end');
}

/** `wanted` when nobody has it, else any. */
async function portNear(wanted: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    return wanted;
  } catch {
    return freePort(); // taken
  } finally {
    server.close();
  }
}

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
demo(values.keep).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`\n  The demo failed: ${error instanceof Error ? error.message : String(error)}\n\n`);
    process.exit(1);
  },
);
