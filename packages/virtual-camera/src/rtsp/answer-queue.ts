import type { Socket } from 'node:net';
import type { Faults } from '../faults.js';
import type { RtspRequest } from './message.js';

const SLOW_METHODS = new Set(['DESCRIBE', 'SETUP', 'PLAY']);

/** Hands the requests of one connection on in their order, some of them later when the camera is slow. */
export class AnswerQueue {
  private readonly waiting: RtspRequest[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly faults: Readonly<Faults>,
    private readonly answer: (request: RtspRequest) => void,
  ) {}

  push(requests: readonly RtspRequest[]): void {
    this.waiting.push(...requests);
    if (!this.timer) this.next();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.waiting.length = 0;
  }

  private next(): void {
    this.timer = undefined;
    for (let request = this.waiting[0]; request; request = this.waiting[0]) {
      if (this.faults.answerDelayMs > 0 && SLOW_METHODS.has(request.method)) return this.answerLater(request);
      this.waiting.shift();
      this.answer(request);
    }
  }

  private answerLater(request: RtspRequest): void {
    // A client that sends more meanwhile has to wait, as its bytes are not read.
    this.socket.pause();
    this.timer = setTimeout(() => {
      this.socket.resume();
      this.waiting.shift();
      this.answer(request);
      this.next();
    }, this.faults.answerDelayMs);
  }
}
