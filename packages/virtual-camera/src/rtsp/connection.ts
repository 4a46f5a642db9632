import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clip } from '../clip/clip.js';
import { planPace } from '../pace.js';
import { nowMs } from '../timeline.js';
import { AnswerQueue } from './answer-queue.js';
import { asksLogin, findRefusal } from './refusals.js';
import type { RtspRequest, RtspResponse } from './message.js';
import { RtspReader, RtspSyntaxError, formatResponse } from './message.js';
import { describeClip, parseStreamUri, presentClip } from './presentation.js';
import type { RtspCamera } from './rtsp-camera.js';
import { RtspSession } from './session.js';

const METHODS = ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'GET_PARAMETER', 'SET_PARAMETER', 'TEARDOWN'];
const SESSION_TIMEOUT_SEC = 60;

/** One RTSP connection with at most one session, whose media is interleaved on it (RFC 2326). */
export class RtspConnection {
  private readonly reader = new RtspReader();
  private readonly answers: AnswerQueue;
  private session: RtspSession | undefined;
  /** What the client was told of a stream holds for its session, even when the camera is changed in between. */
  private described: { streamName: string; clip: Clip } | undefined;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<unknown>;

  constructor(
    private readonly socket: Socket,
    private readonly camera: RtspCamera,
  ) {
    this.answers = new AnswerQueue(socket, camera.faults, (request) => this.answer(request));
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    // 'close' follows and cleans up: a client that goes away is nothing unusual.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.answers.stop();
      this.endSession('client');
    });
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  /** Sends what is due on the session's tracks. */
  tick(now: number): void {
    if (this.session?.send(now) === 'too-slow') {
      this.camera.stats.slowClientsDropped++;
      this.destroy();
    }
  }

  destroy(how: 'close' | 'reset' = 'close'): void {
    this.endSession('camera');
    if (how === 'reset') this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    try {
      this.answers.push(this.reader.read(chunk));
    } catch (error) {
      if (!(error instanceof RtspSyntaxError)) throw error;
      this.socket.end(formatResponse({ status: 400 }, undefined));
    }
  }

  private answer(request: RtspRequest): void {
    const { afterwards, ...response } = this.handle(request);
    const charset = this.camera.oddities.realmCharset === null ? 'utf8' : 'latin1';
    const bytes = formatResponse(response, request.headers['cseq'], charset);
    if (this.socket.writable) this.socket.write(bytes);
    afterwards?.();
  }

  private handle(request: RtspRequest): RtspResponse & { afterwards?: () => void } {
    const { method, headers } = request;
    if (method === 'OPTIONS') return { status: 200, headers: { Public: METHODS.join(', ') } };
    if (!METHODS.includes(method)) return { status: 501, headers: { Public: METHODS.join(', ') } };
    const refusal =
      (asksLogin(this.camera.oddities, method) ? this.checkCredentials(request) : undefined) ??
      this.checkSession(headers['session']) ??
      findRefusal(this.camera.faults, method);
    if (refusal) return refusal;
    switch (method) {
      case 'DESCRIBE':
        return this.describe(request);
      case 'SETUP':
        return this.setUp(request);
      case 'PLAY':
        return this.play();
      case 'TEARDOWN':
        return { status: this.session ? 200 : 454, afterwards: () => this.endSession('client') };
      default:
        return { status: 200, headers: this.sessionHeader() };
    }
  }

  private checkCredentials({ method, headers }: RtspRequest): RtspResponse | undefined {
    const { auth, stats, faults } = this.camera;
    const given = headers['authorization'];
    const result = faults.wrongPassword ? (given === undefined ? 'missing' : 'wrong') : auth.check(given, method);
    if (result === 'ok') return undefined;
    if (result === 'wrong') stats.authFailures++;
    return { status: 401, headers: { 'WWW-Authenticate': auth.challenges(result === 'stale') } };
  }

  private checkSession(header: string | undefined): RtspResponse | undefined {
    if (header === undefined) return undefined;
    return header.split(';')[0] === this.session?.id ? undefined : { status: 454 };
  }

  private describe({ uri }: RtspRequest): RtspResponse {
    const { streamName, clip } = this.findStream(uri);
    if (!clip) return { status: 404 };
    this.described = { streamName, clip };
    const address = this.socket.localAddress ?? '0.0.0.0';
    return describeClip(this.camera, clip, { uri, streamName, address });
  }

  private setUp({ uri, headers }: RtspRequest): RtspResponse {
    const { streamName, clip, trackIndex: asked } = this.findStream(uri, this.described);
    const trackIndex = asked ?? this.firstFreeTrack(clip);
    const track = trackIndex === undefined ? undefined : clip?.tracks[trackIndex];
    if (!clip || !track || trackIndex === undefined) return { status: 404 };
    const refused = this.camera.oddities.soundSetupStatus;
    if (refused !== null && track.kind === 'audio' && track.units.length > 0) return { status: refused };
    const transport = headers['transport'] ?? '';
    const channel = Number(/interleaved=(\d+)/.exec(transport)?.[1] ?? trackIndex * 2);
    if (!/RTP\/AVP\/TCP/i.test(transport) || channel > 254) return { status: 461 };
    if (this.session && this.session.streamName !== streamName) return { status: 459 };
    if (this.session?.isPlaying || this.session?.hasTrack(trackIndex)) return { status: 455 };
    const maxSessions = this.camera.faults.maxSessions ?? this.camera.maxSessions;
    if (!this.session && this.camera.stats.sessionsOpen >= maxSessions) {
      this.camera.stats.sessionsRefused++;
      return { status: 453 };
    }
    this.session ??= this.openSession(streamName, clip);
    this.described = { streamName, clip };
    // RTP-Info tells tracks apart, also when their SETUP went to one URL.
    const trackUri = asked === undefined ? `${uri.replace(/\/$/, '')}/trackID=${trackIndex}` : uri;
    this.session.addTrack(trackIndex, channel, trackUri);
    const answered = `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
    return { status: 200, headers: { Transport: answered, ...this.sessionHeader() } };
  }

  private openSession(streamName: string, clip: Clip): RtspSession {
    const { stats, oddities } = this.camera;
    const pace = planPace(clip.video.fps, oddities);
    const record = stats.openSession(randomBytes(8).toString('hex'), streamName, clip, pace);
    return new RtspSession(this.socket, this.camera, clip, record);
  }

  private play(): RtspResponse & { afterwards?: () => void } {
    const { session } = this;
    if (!session) return { status: 455 };
    const now = nowMs();
    const rtpInfo = session.play(now);
    const headers = { ...this.sessionHeader(), Range: 'npt=now-', ...(rtpInfo ? { 'RTP-Info': rtpInfo } : {}) };
    return { status: 200, headers, afterwards: () => this.tick(now) };
  }

  private sessionHeader(): Record<string, string> {
    return this.session ? { Session: `${this.session.id};timeout=${SESSION_TIMEOUT_SEC}` } : {};
  }

  private endSession(closedBy: 'client' | 'camera'): void {
    if (this.session) this.camera.stats.closeSession(this.session.record, closedBy);
    this.session = undefined;
    this.described = undefined;
  }

  /** A camera without control URLs sets its tracks up in their order. */
  private firstFreeTrack(clip: Clip | undefined): number | undefined {
    if (!this.camera.oddities.sdpForm.includes('control-none')) return undefined;
    const free = clip?.tracks.findIndex((_, index) => !this.session?.hasTrack(index)) ?? -1;
    return free < 0 ? undefined : free;
  }

  private findStream(
    uri: string,
    described?: { streamName: string; clip: Clip },
  ): { streamName: string; trackIndex?: number; clip: Clip | undefined } {
    const parts = parseStreamUri(uri);
    const isDescribed = described?.streamName === parts.streamName;
    return { ...parts, clip: isDescribed ? described.clip : presentClip(this.camera, parts.streamName) };
  }
}
