import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VirtualCamera, VirtualCameraOptions } from '@hindsight/virtual-camera';
import { heardRanges, judgeFrames, readFrameCounters, startVirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findFfmpeg } from '../../../packages/virtual-camera/src/ffmpeg.js';
import { FFPROBE } from '../../support/ffprobe.js';
import { until } from './rtsp-client.js';

interface ProbedStream {
  codec_name: string;
  start_time?: string;
  nb_read_packets?: string;
}

interface Recorded {
  camera: VirtualCamera;
  file: string;
  code: number | null;
  stderr: string;
  streams: ProbedStream[];
}

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odd-media-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Records an odd camera with FFmpeg alone until it has had so many frames; FFmpeg is ended as by Ctrl-C. */
async function record(options: VirtualCameraOptions, frames = 75): Promise<Recorded> {
  const camera = await startVirtualCamera({ gopSec: 1, streams: [{ name: 'main' }], ...options });
  const file = join(directory, `${camera.rtspPort}.mkv`);
  try {
    const input = ['-hide_banner', '-rtsp_transport', 'tcp', '-i', camera.rtspUrlWithCredentials];
    const child = spawn(
      findFfmpeg(),
      [...input, '-map', '0:v:0', '-map', '0:a:0?', '-c:v', 'copy', '-c:a', 'aac', '-y', file],
      { stdio: ['pipe', 'ignore', 'pipe'] },
    );
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let ended = false;
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    void closed.then(() => (ended = true));
    await until('frames are sent', () => ended || camera.stats().framesSent >= frames, 60_000);
    child.stdin.end('q');
    const code = await closed;
    return { camera, file, code, stderr, streams: probe(file) };
  } finally {
    await camera.stop();
  }
}

function probe(file: string): ProbedStream[] {
  const entries = ['-count_packets', '-show_entries', 'stream=codec_name,start_time,nb_read_packets'];
  const { stdout } = spawnSync(FFPROBE, ['-v', 'error', ...entries, '-of', 'json', file], { encoding: 'utf8' });
  return (JSON.parse(stdout || '{}') as { streams?: ProbedStream[] }).streams ?? [];
}

const codecs = ({ streams }: Recorded) => streams.map(({ codec_name }) => codec_name);
const startOf = ({ streams }: Recorded, index: number) => Number(streams[index]?.start_time);

/** Every frame that a client was told of and that is in the file was really sent, and none is there twice. */
async function expectTruth({ camera, file }: Recorded): Promise<void> {
  const counters = await readFrameCounters(file);
  expect(counters.length).toBeGreaterThan(0);
  const sent = heardRanges(camera.sent(), 'main');
  const { duplicated, unexpected, unreadable } = judgeFrames(counters, sent, { loopLength: camera.loopLength });
  expect([duplicated.frames, unexpected.frames, unreadable.frames]).toEqual([0, 0, 0]);
}

describe('FFmpeg on an odd camera', () => {
  it.each([
    ['pcma', 'pcm_alaw'],
    ['g722', 'adpcm_g722'],
    ['g726', 'adpcm_g726le'],
    ['l16', 'pcm_s16be'],
    ['opus', 'opus'],
  ] as const)('hears %s', async (audio, decoder) => {
    const recorded = await record({ audio });
    expect([recorded.code, codecs(recorded)]).toEqual([0, ['h264', 'aac']]);
    expect(recorded.stderr).toContain(`Audio: ${decoder}`);
    await expectTruth(recorded);
  });

  it('gets no sound that is announced and never sent', async () => {
    const recorded = await record({ audio: 'pcmu', oddities: { soundNever: true } }, 150);
    expect(recorded.stderr).toMatch(/Audio: pcm_mulaw/);
    expect(Number(recorded.streams[1]?.nb_read_packets ?? 0)).toBe(0);
    await expectTruth(recorded);
  });

  it('hears sound begin after the pictures', async () => {
    const late = await record({ audio: 'pcmu', oddities: { soundStartSec: 2, rtpInfo: 'play-time' } }, 125);
    expect(startOf(late, 1) - startOf(late, 0)).toBeGreaterThan(1.5);
  });

  it('sees 21 pictures a second that say 25', async () => {
    const oddities = { sentFps: 21, stampedFps: 25, reports: 'none' } as const;
    const recorded = await record({ audio: 'none', oddities }, 84);
    const { sessions } = recorded.camera.sent();
    const [range] = sessions[0]?.ranges ?? [];
    const wallMs = (range?.lastTakenAtMs ?? 0) - (range?.firstTakenAtMs ?? 0);
    expect(wallMs).toBeCloseTo((((range?.lastFrame ?? 0) - (range?.firstFrame ?? 0)) * 1000) / 21, 3);
    expect(recorded.stderr).toMatch(/25 fps/);
    await expectTruth(recorded);
  });

  it('sees a rate that changes', async () => {
    const recorded = await record({ audio: 'none', oddities: { rateSchedule: '25:1,5:1' } }, 60);
    await expectTruth(recorded);
  });

  it('sees two sizes in one session', async () => {
    const oddities = { otherSize: '320x180', otherSizeEverySec: 1 } as const;
    const recorded = await record({ audio: 'none', oddities }, 100);
    const { stdout } = spawnSync(
      FFPROBE,
      ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=width', '-of', 'csv=p=0', recorded.file],
      { encoding: 'utf8' },
    );
    expect(new Set(stdout.match(/\d+/g))).toEqual(new Set(['640', '320']));
    expect(recorded.camera.stats().sessionsOpened).toBe(1);
  });

  it.each<[string, VirtualCameraOptions]>([
    ['a track towards the camera, and tracks of data', { oddities: { backChannel: 'last', dataTrack: 'tp-link' } }],
    ['control URLs in full, LF alone', { oddities: { sdpForm: ['control-absolute', 'lf', 'lower-case'] } }],
    ['no control URLs, payload type 35', { oddities: { sdpForm: ['control-none'], videoPayloadType: 35 } }],
    ['parameter sets of another size', { oddities: { parameterSets: 'stale' } }],
    ['parameter sets in the pictures only', { oddities: { parameterSets: 'in-band' } }],
    ['an empty password', { username: 'admin', password: '' }],
    ['a login at SETUP only', { username: 'admin', password: 'x', oddities: { loginFrom: 'setup' } }],
    [
      'a realm in Latin-1, qop',
      { username: 'admin', password: 'x', oddities: { realm: 'Caméra', realmCharset: 'latin-1', digestQop: 'auth' } },
    ],
    ['both digests', { username: 'admin', password: 'x', oddities: { digests: 'sha-256,md5' } }],
    ['RTP time and numbers that wrap around', { oddities: { rtpWrapSec: 1, firstSequence: 65_500 } }],
    ['a start anywhere', { gopSec: 2, startFrame: 20, oddities: { startsAnywhere: true } }],
  ])('records %s', async (_, options) => {
    // FFmpeg looks for five seconds at a track that carries nothing.
    const recorded = await record(options, options.oddities?.dataTrack ? 250 : 100);
    expect([recorded.code, codecs(recorded)]).toEqual([0, ['h264', 'aac']]);
    await expectTruth(recorded);
  });

  it('finds no sound that is refused at SETUP, nor a login that only SHA-256 opens', async () => {
    const refused = await record({ oddities: { soundSetupStatus: 404 } });
    expect(refused.stderr).toMatch(/SETUP failed: 404/);
    const sha = await record({ username: 'a', password: 'x', oddities: { digests: 'sha-256' } });
    expect(sha.stderr).toMatch(/401 Unauthorized/);
  });
});
