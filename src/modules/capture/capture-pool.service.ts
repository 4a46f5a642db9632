import { Injectable } from '@nestjs/common';
import type { StreamId } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import type { CameraCapture } from './camera-capture.js';
import { CaptureFactory } from './capture-factory.js';
import type { CaptureListener } from './capture-listener.js';

/** Somebody who wants the footage of a stream. */
export interface CaptureClient extends CaptureListener {
  /** Unique among those of a stream. */
  readonly id: string;
}

/** A client's hold on a capture. */
export interface CaptureHold {
  readonly capture: CameraCapture;
  /** Gives the demand back; fragments are still told while others keep the capture running. Harmless when repeated. */
  release(): void;
  /** Releases, and hears nothing any more. */
  leave(): void;
}

interface Seat {
  capture: CameraCapture;
  clients: Set<CaptureClient>;
}

/** One capture per stream, shared by everybody who demands it. */
@Injectable()
export class CapturePool {
  private readonly seats = new StreamMap<Seat>();

  constructor(private readonly factory: CaptureFactory) {}

  join(stream: StreamId, client: CaptureClient): CaptureHold {
    const { capture, clients } = this.seats.get(stream) ?? this.open(stream);
    clients.add(client);
    capture.demand(client.id);
    let held = true;
    const release = () => {
      if (held) capture.release(client.id);
      held = false;
    };
    const leave = () => {
      release();
      clients.delete(client);
    };
    return { capture, release, leave };
  }

  has(stream: StreamId): boolean {
    return this.seats.has(stream);
  }

  /** Ends captures that must not go on, without waiting for FFmpeg to finish its file. */
  killAllBut(allowed: (stream: StreamId) => boolean): void {
    for (const [stream, { capture }] of this.seats) if (!allowed(stream)) capture.kill();
  }

  /** Resolves when every capture that nobody demands has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.seats.values().map(({ capture }) => capture.idle()));
  }

  private open(stream: StreamId): Seat {
    const clients = new Set<CaptureClient>();
    const capture = this.factory.create(stream, {
      onFragment: (...told) => clients.forEach((client) => client.onFragment(...told)),
      onFailure: (failure) => clients.forEach((client) => client.onFailure(failure)),
      onIdle: () => {
        this.seats.delete(stream);
        clients.forEach((client) => client.onIdle());
      },
    });
    const seat = { capture, clients };
    this.seats.set(stream, seat);
    return seat;
  }
}
