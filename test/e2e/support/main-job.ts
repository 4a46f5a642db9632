import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlaybackResponse } from '@hindsight/client';
import {
  type CameraProfileName,
  findCounterHoles,
  readFrameCounters,
  startVirtualCamera,
  type VirtualCamera,
} from '@hindsight/virtual-camera';
import { encodeAudio, encodeVideo, planStreams } from '@hindsight/virtual-camera/clips';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkVideo } from '../../support/recorder/video-check.js';
import { findProcesses } from '../../support/leftovers.js';
import { findSecrets, secret } from '../../support/secrets.js';
import {
  audioPacketHashes,
  decodeErrors,
  download,
  type DownloadedFile,
  isRunOf,
  pictureHashes,
  probeFile,
} from './media.js';
import {
  addCamera,
  endEvent,
  ODD_PASSWORD,
  sumOfGapsMs,
  trigger,
  waitUntilCompleted,
  waitUntilEmpty,
  waitUntilRecording,
} from './recording.js';
import { TestService } from './test-service.js';

const GOP_SEC = 2;
const AAC_FRAME_SAMPLES = 1_024;
const EVENT_MS = 4_000;

/** Sound is stored in frames of 32 or 128 ms, which reach over the first and the last picture. */
const SOUND_EDGES_MS = 150;
/** The last pictures of a stream with B-frames wait for others that never come, and are cut; its sound is not. */
const CUT_PICTURES_MS = 80;

const PROFILES = [
  { profile: 'h264-pcmu', codec: 'h264', tag: 'avc1', audio: { copied: false, rate: '8000' } },
  { profile: 'h264-aac', codec: 'h264', tag: 'avc1', audio: { copied: true, rate: '32000' } },
  { profile: 'h264-silent', codec: 'h264', tag: 'avc1', audio: null },
  { profile: 'h264-bframes', codec: 'h264', tag: 'avc1', audio: { copied: true, rate: '32000' } },
  { profile: 'h265', codec: 'hevc', tag: 'hvc1', audio: { copied: true, rate: '32000' } },
  { profile: 'mjpeg', codec: 'mjpeg', tag: 'mp4v', audio: { copied: false, rate: '8000' } },
] as const;

interface Result {
  camera: VirtualCamera;
  playback: PlaybackResponse;
  endedAtMs: number;
  video: DownloadedFile;
}

/** When the event began and ended, by the service. */
function eventTimes({ event }: PlaybackResponse): [number, number] {
  return [Date.parse(event!.occurredAt), Date.parse(event!.endedAt!)];
}

/** The counters of what the camera sent to its first session until the event ended, in the order in which they are shown. */
function wantedFrames({ camera, endedAtMs }: Result): number[] {
  const [session] = camera.stats().sessions;
  const sent = camera
    .sentFrames()
    .filter(({ sessionId, sentAtMs }) => sessionId === session?.id && sentAtMs <= endedAtMs);
  const inOrder = sent.map(({ counter, loop }) => loop * camera.loopLength + counter).sort((a, b) => a - b);
  // With B-frames the last ones sent are shown before ones that were still to come.
  const whole = inOrder.findIndex((frame, i) => i > 0 && frame !== inOrder[i - 1]! + 1);
  return (whole < 0 ? inOrder : inOrder.slice(0, whole)).map((frame) => frame % camera.loopLength);
}

async function clipOf(profile: CameraProfileName) {
  const [stream] = planStreams({ profile, gopSec: GOP_SEC });
  if (stream === undefined) throw new Error('a camera without a stream');
  return { path: await encodeVideo(stream.video), sound: stream.audio === 'none' ? 'aac' : stream.audio };
}

/**
 * Records every kind of camera at once, and looks at what became of each.
 * @param ffmpeg what to record with, and where the service must say that it has it from
 */
export function mainJob(title: string, ffmpeg: { path?: string; source: string }): void {
  describe(title, () => {
    let service: TestService;
    let results: Map<string, Result>;
    /** Of every process on this machine, seen while cameras are recorded. */
    const commandLines: string[] = [];
    const cameras = new Map<string, VirtualCamera>();

    beforeAll(async () => {
      service = await TestService.launch({ env: ffmpeg.path === undefined ? {} : { FFMPEG_PATH: ffmpeg.path } });
      await Promise.all(
        PROFILES.map(async ({ profile }) => {
          const password = secret(`${ODD_PASSWORD}${profile}`);
          cameras.set(profile, await startVirtualCamera({ profile, gopSec: GOP_SEC, username: 'admin', password }));
        }),
      );
      // Not before all of them have encoded their pictures: that takes the whole machine.
      const runs = [...cameras].map(async ([profile, camera]) => [profile, await record(camera)] as const);
      results = new Map(await Promise.all(runs));
    }, 120_000);

    afterAll(async () => {
      await Promise.all([...(results?.values() ?? [])].map(({ video }) => rm(video.path, { force: true })));
      await Promise.all([...cameras.values()].map((camera) => camera.stop()));
      await service?.close();
    });

    async function record(camera: VirtualCamera): Promise<Result> {
      const cameraId = await addCamera(service, camera);
      const { id, playbackId, triggeredAtMs } = await trigger(service, cameraId);
      await waitUntilRecording(service, playbackId);
      commandLines.push(...(await findProcesses('')).map(({ commandLine }) => commandLine));
      await delay(Math.max(0, triggeredAtMs + EVENT_MS - Date.now()));
      const endedAtMs = Date.now();
      await endEvent(service, id);
      const playback = await waitUntilCompleted(service, playbackId);
      const video = await download(service, playback.videoUrl ?? '');
      return { camera, playback, endedAtMs, video };
    }

    it('is done with that FFmpeg', () => {
      const found = service.logLines().find(({ msg }) => msg === 'FFmpeg found');
      expect(found).toMatchObject({
        source: ffmpeg.source,
        ...(ffmpeg.path === undefined ? {} : { path: ffmpeg.path }),
      });
    });

    const of = (profile: string): Result => results.get(profile)!;

    describe.each(PROFILES)('$profile', ({ profile, codec, tag, audio }) => {
      it('keeps the video codec, and the audio as AAC', async () => {
        const { video, playback } = of(profile);
        const { streams, format } = await probeFile(video.path);
        const stream = streams.find(({ codec_type }) => codec_type === 'video');
        expect(stream).toMatchObject({ codec_name: codec, codec_tag_string: tag, width: 640, height: 360 });
        const sound = streams.filter(({ codec_type }) => codec_type === 'audio');
        expect(sound).toEqual(
          audio ? [expect.objectContaining({ codec_name: 'aac', sample_rate: audio.rate, channels: 1 })] : [],
        );
        expect(playback).toMatchObject({ codec, resolution: '640x360', endReason: 'event_ended', failure: null });
        expect(Number(format.duration) * 1_000).toBeCloseTo(playback.durationMs!, -1);
        expect(playback.durationSec).toBe(Math.round(playback.durationMs! / 1_000));
      });

      it('holds every picture of the event, from the first that the camera sent to the last', async () => {
        const { camera, video, playback } = of(profile);
        const wanted = wantedFrames(of(profile));
        const counters = await readFrameCounters(video.path);
        expect(counters.slice(0, wanted.length)).toEqual(wanted);
        const soundMs = playback.durationMs! - (counters.length * 1_000) / camera.fps;
        expect(soundMs).toBeGreaterThanOrEqual(-1);
        expect(soundMs).toBeLessThan(SOUND_EDGES_MS + (profile === 'h264-bframes' ? CUT_PICTURES_MS : 0));
      });

      it('shows every picture for as long as the camera did, the first and the last too', async () => {
        const { camera, video } = of(profile);
        const counters = await readFrameCounters(video.path);
        const { presentationSec } = await checkVideo(video.path);
        expect(presentationSec).toHaveLength(counters.length);
        const frameMs = 1_000 / camera.fps;
        const stepsMs = presentationSec.slice(1).map((at, index) => Math.round((at - presentationSec[index]!) * 1_000));
        // FFmpeg guesses when the first picture was taken; where pictures are reordered nothing says how far off that is.
        const guessed = profile === 'h264-bframes' ? 1 : 0;
        expect(stepsMs.slice(guessed).filter((stepMs) => stepMs !== frameMs)).toEqual([]);
        const { duration } = (await probeFile(video.path)).streams.find(({ codec_type }) => codec_type === 'video')!;
        expect(Math.abs(Number(duration) * 1_000 - counters.length * frameMs)).toBeLessThan(1 + guessed * frameMs);
      });

      it('has no hole in the pictures behind the end of the event either', async () => {
        const { camera, video } = of(profile);
        const counters = await readFrameCounters(video.path);
        expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
      });

      it('does not touch what the camera encoded', async () => {
        const { video, camera } = of(profile);
        const { path, sound } = await clipOf(profile);
        const pictures = (await pictureHashes(video.path)).slice(0, wantedFrames(of(profile)).length);
        expect(isRunOf(pictures, await pictureHashes(path))).toBe(true);
        if (!audio?.copied) return;
        const loopSec = camera.loopLength / camera.fps;
        const clip = await audioPacketHashes(await encodeAudio(sound, loopSec), { adts: true });
        // The first packet primes the encoder and is not sent; a second of sound more than the loop is there.
        const loop = clip.slice(1, 1 + (loopSec * Number(audio.rate)) / AAC_FRAME_SAMPLES);
        const packets = await audioPacketHashes(video.path);
        expect(packets.length).toBeGreaterThan(50);
        expect(isRunOf(packets, loop)).toBe(true);
      });

      it('is decoded without a complaint', async () => {
        expect(await decodeErrors(of(profile).video.path)).toBe('');
      });

      it('lasts as long as the event, but for the wait for the first key frame', () => {
        const { playback, camera } = of(profile);
        const [triggeredAtMs, endedAtMs] = eventTimes(playback);
        const opened = camera.stats().sessions[0]!.openedAt.getTime();
        expect(playback.durationMs!).toBeGreaterThanOrEqual(endedAtMs - opened - GOP_SEC * 1_000);
        expect(playback.durationMs!).toBeLessThanOrEqual(endedAtMs - triggeredAtMs + GOP_SEC * 1_000);
      });

      it('accounts for every millisecond', () => {
        const { playback } = of(profile);
        const [triggeredAtMs, endedAtMs] = eventTimes(playback);
        const { expectedMs, storedMs, gaps } = playback.completeness;
        expect(expectedMs).toBe(storedMs! + sumOfGapsMs(playback));
        expect(expectedMs).toBe(endedAtMs - triggeredAtMs);
        expect(gaps.map(({ cause }) => cause)).toEqual(gaps.length === 0 ? [] : ['camera_starting']);
      });

      it('opened the camera once and let go of it', () => {
        expect(of(profile).camera.stats()).toMatchObject({ sessionsOpened: 1, sessionsOpen: 0 });
      });

      it('is stored as it was announced', () => {
        const { playback, video } = of(profile);
        expect(video.contentType).toBe('video/mp4');
        expect(video.bytes.length).toBe(playback.fileSizeBytes);
        expect(video.sha256).toBe(playback.sha256);
        expect(playback.localPath).toBeNull();
      });
    });

    it('leaves no FFmpeg and no local footage', async () => {
      await waitUntilEmpty(() => service.mediaFiles());
      expect(await service.ffmpegs()).toEqual([]);
    });

    it('shows no password in the process list while it records', () => {
      const found = service.logLines().find(({ msg }) => msg === 'FFmpeg found');
      expect(commandLines.filter((line) => /ffmpeg.*pipe:/.test(line)).length).toBeGreaterThan(0);
      const old = (found?.['capabilities'] as { concatOptions: boolean }).concatOptions === false;
      // FFmpeg before 5.0 takes a URL from its command line only; the start-up log warns of it.
      if (!old) expect(findSecrets(commandLines.join('\n'))).toEqual([]);
    });
  });
}
