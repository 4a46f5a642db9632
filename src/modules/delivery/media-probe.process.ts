import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { runChild } from '../../common/child.process.js';
import { AppError, messageOf } from '../../common/errors.js';
import type { ByteRange } from '../storage/index.js';
import { MediaTools } from '../../ffmpeg/media-tools.process.js';
import { type FfprobeOutput, parseFfprobe, type Probed } from '../../ffmpeg/domain/ffprobe-output.js';
import type { KeyFrames } from '../../mp4/hybrid/key-frames.js';
import { NodeIdentity } from '../cluster/index.js';

/** Tables and a few pictures are probed in milliseconds; a disk in trouble may need longer. */
const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES = 4 << 20;

/** An object in the store, as far as ffprobe needs it. */
export interface StoredObject {
  sizeBytes: number;
  /** What is read of it: the head with its tables, and the first of the media. */
  ranges: readonly ByteRange[];
  read(range: ByteRange): Promise<Readable>;
}

/** ffprobe as the judge of what is in the store. */
@Injectable()
export class MediaProbe implements OnModuleInit {
  private readonly dir: string;

  constructor(
    private readonly tools: MediaTools,
    { homeDir }: NodeIdentity,
  ) {
    this.dir = join(homeDir, 'probes');
  }

  /** What a killed process has left; nobody else works in this folder. */
  async onModuleInit(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  /**
   * Asks ffprobe about an object without loading it: the given ranges are read back from the store and put where they belong in a file
   * that is otherwise a hole of the object's size.
   * @param gop what the sample tables say of the key frames
   * @throws AppError `RECORDING.PROBE_FAILED` when ffprobe finds no video or no duration in it; errors of the store as they are
   */
  async probe(object: StoredObject, gop: KeyFrames | null): Promise<Probed> {
    const path = join(this.dir, `${randomUUID()}.mp4`);
    try {
      await mkdir(this.dir, { recursive: true });
      await this.fetch(object, path);
      return await this.judge(path, object.sizeBytes, gop);
    } catch (error) {
      throw error instanceof AppError ? error : probeFailed(messageOf(error), error);
    } finally {
      await rm(path, { force: true });
    }
  }

  private async fetch(object: StoredObject, path: string): Promise<void> {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.truncate(object.sizeBytes);
      for (const range of object.ranges) await fill(file, range, await object.read(range));
    } finally {
      await file.close();
    }
  }

  private async judge(path: string, sizeBytes: number, gop: KeyFrames | null): Promise<Probed> {
    const { ffprobe, missing } = this.tools;
    if (!ffprobe) throw probeFailed(missing ?? 'ffprobe was not found');
    const args = ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', `file:${path}`];
    let output: FfprobeOutput;
    try {
      const { stdout } = await runChild(ffprobe.path, args, { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES });
      output = JSON.parse(stdout) as FfprobeOutput;
    } catch (error) {
      throw probeFailed(messageOf(error).slice(0, 300), error);
    }
    const probed = parseFfprobe(output, { sizeBytes, gop });
    if (!probed) throw probeFailed('no video or no duration in it');
    return probed;
  }
}

/** @throws AppError `RECORDING.PROBE_FAILED` when the store gives less or more than the range */
async function fill(file: FileHandle, { start, end }: ByteRange, body: Readable): Promise<void> {
  let at = start;
  for await (const chunk of body) {
    const bytes = chunk as Buffer;
    if (at + bytes.length > end + 1) break;
    await file.write(bytes, 0, bytes.length, at);
    at += bytes.length;
  }
  if (at !== end + 1) throw probeFailed(`the store did not give bytes ${start} to ${end} of it`);
}

function probeFailed(reason: string, cause?: unknown): AppError {
  return new AppError({ code: 'RECORDING.PROBE_FAILED', values: { reason }, cause });
}
