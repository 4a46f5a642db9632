import type { Socket } from 'node:net';
import type { Clip } from '../clip/clip.js';
import type { SessionRecord } from '../sent-history.js';
import type { RtspCamera } from './rtsp-camera.js';
import type { SenderPosition } from './sender.js';
import { MediaSender } from './sender.js';

/** What one client gets from SETUP to TEARDOWN. */
export class RtspSession {
  private readonly sender: MediaSender;
  private readonly trackUris = new Map<number, string>();
  private playing = false;
  private stalled = false;
  private lastReadAtMs = 0;
  /** Nothing is sent before: the camera is slow to give its first key frame. */
  private beginsAtMs = 0;

  constructor(
    private readonly socket: Socket,
    private readonly camera: RtspCamera,
    clip: Clip,
    readonly record: SessionRecord,
  ) {
    this.sender = new MediaSender(clip, camera, (frame) => camera.stats.addFrame(record, frame));
  }

  get id(): string {
    return this.record.stats.id;
  }

  get streamName(): string {
    return this.record.stats.stream;
  }

  get isPlaying(): boolean {
    return this.playing;
  }

  hasTrack(index: number): boolean {
    return this.trackUris.has(index);
  }

  addTrack(index: number, channel: number, uri: string): void {
    this.trackUris.set(index, uri);
    this.sender.addTrack(index, channel);
  }

  /** Begins to send; returns the `RTP-Info` header, unless the camera has none. A second PLAY only repeats it. */
  play(now: number): string | null {
    const positions = this.playing ? this.sender.position() : this.begin(now);
    this.playing = true;
    const { faults, oddities } = this.camera;
    if (faults.rtpInfoMissing || oddities.rtpInfo === 'none') return null;
    return positions
      .map(({ index, sequence, timestamp }) => {
        const parts = [`url=${this.trackUris.get(index)}`];
        if (oddities.rtpInfo !== 'no-sequence') parts.push(`seq=${sequence}`);
        if (oddities.rtpInfo !== 'no-time') parts.push(`rtptime=${timestamp}`);
        return parts.join(';');
      })
      .join(',');
  }

  /** Writes what is due by `now`. */
  send(now: number): 'ok' | 'too-slow' {
    if (!this.playing || !this.socket.writable || now < this.beginsAtMs) return 'ok';
    const { slowClientMs, maxQueuedBytes, faults, stats } = this.camera;
    const queued = this.socket.writableLength;
    if (queued === 0) {
      this.lastReadAtMs = now;
      stats.markFlushed(this.record);
    }
    if (queued > maxQueuedBytes || now - this.lastReadAtMs > slowClientMs) return 'too-slow';
    if (faults.stalled) {
      this.stalled = true;
      return 'ok';
    }
    // The camera is live: after a stall it goes on with the present picture.
    if (this.stalled) this.sender.seek(now, this.camera.startAt);
    this.stalled = false;
    const bytes = this.sender.takeDue(now);
    if (!bytes) return 'ok';
    stats.bytesSent += bytes.length;
    this.socket.write(bytes);
    return 'ok';
  }

  private begin(now: number): SenderPosition[] {
    this.beginsAtMs = now + this.camera.faults.firstKeyFrameDelayMs;
    this.lastReadAtMs = this.beginsAtMs;
    return this.sender.seek(this.beginsAtMs, this.camera.startAt);
  }
}
