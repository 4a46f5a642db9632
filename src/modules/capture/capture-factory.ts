import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppError } from '../../common/errors.js';
import { Camera } from '../../schema/camera.entity.js';
import type { StreamId } from '../../schema/stream-id.js';
import { Metrics } from '../health/index.js';
import { CameraCapture } from './camera-capture.js';
import { CameraSightings } from './camera-sightings.js';
import type { CaptureListener } from './capture-listener.js';
import { CaptureEquipment } from './capture-equipment.js';
import { InterruptionSaver } from './interruption-saver.js';

/** Makes captures that count themselves and write their interruptions down. */
@Injectable()
export class CaptureFactory {
  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
    private readonly equipment: CaptureEquipment,
    private readonly sightings: CameraSightings,
    private readonly interruptions: InterruptionSaver,
  ) {}

  create(stream: StreamId, listener: CaptureListener): CameraCapture {
    const { cameraId } = stream;
    const sight = this.sightings.begin(cameraId);
    this.metrics.capturesRunning.inc();
    return new CameraCapture(stream, () => this.loadCamera(cameraId), this.equipment.of(stream), {
      onFragment: (capture, fragment) => {
        this.metrics.fragments.inc();
        this.metrics.fragmentBytes.inc(fragment.sizeBytes);
        sight.footage(capture.epochMs + fragment.startMs, fragment.durationMs);
        listener.onFragment(capture, fragment);
      },
      onFailure: (failure) => {
        sight.failed(failure);
        listener.onFailure(failure);
      },
      onInterruption: (interruption) => this.interruptions.save(stream, interruption),
      onStarted: () => this.metrics.ffmpegStarts.inc(),
      onIdle: () => {
        this.metrics.capturesRunning.dec();
        sight.ended();
        listener.onIdle();
      },
    });
  }

  /** Resolves when the interruptions of a stream that were told so far are in the database. */
  async interruptionsSaved(stream: StreamId): Promise<void> {
    await this.interruptions.saved(stream);
  }

  /** The last word: what is not saved yet is tried once more, and then given up. */
  async finish(): Promise<void> {
    await Promise.all([this.interruptions.finish(), this.sightings.finish()]);
  }

  private async loadCamera(cameraId: string): Promise<Camera> {
    const camera = await this.dataSource.manager.findOneBy(Camera, { id: cameraId });
    if (camera) return camera;
    throw new AppError({ code: 'CAMERA.NOT_FOUND', message: 'The camera was deleted.' });
  }
}
