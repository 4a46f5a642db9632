import { setTimeout as delay } from 'node:timers/promises';
import type { ApiAnswer, ApiRequest, ServiceProcess } from '../service-process.js';

/** As RestartSec of systemd, which is 100 ms unless said otherwise. */
const RESTART_MS = 100;
const POLL_MS = 20;
const ANSWER_TIMEOUT_MS = 10_000;
const RETRY_MS = 250;

/** The service under something that starts it again whenever it ends, as systemd would. */
export class SupervisedService {
  /** Starts that did not get as far as answering. */
  failedStarts = 0;
  starts = 0;
  private stopping = false;
  private supervision: Promise<void> = Promise.resolve();

  constructor(readonly process: ServiceProcess) {}

  /** Resolves when the first start is done. */
  async start(): Promise<void> {
    this.starts = 1;
    await this.process.start();
    this.supervision = this.supervise();
  }

  private async supervise(): Promise<void> {
    for (;;) {
      while (this.process.running) await delay(POLL_MS);
      if (this.stopping) return;
      await delay(RESTART_MS);
      this.starts += 1;
      await this.process.start().catch(() => (this.failedStarts += 1));
    }
  }

  /** Repeats a request until it is answered with success, as a webhook's sender does; an answer that says "never" is an error. */
  async deliver<T>(method: string, path: string, request: ApiRequest, deadlineMs: number): Promise<ApiAnswer<T>> {
    for (;;) {
      const answer = await this.ask<T>(method, path, request);
      if (answer && answer.status < 300) return answer;
      const refused = answer && answer.status >= 400 && answer.status < 500 && ![401, 408, 429].includes(answer.status);
      if (refused || Date.now() > deadlineMs)
        throw new Error(
          `${method} ${path}: ${answer ? `${answer.status} ${JSON.stringify(answer.body)}` : 'no answer'}`,
        );
      if (answer?.status === 401) await this.process.login().catch(() => undefined);
      await delay(RETRY_MS);
    }
  }

  /** The answer; undefined when there was none. */
  async ask<T>(method: string, path: string, request: ApiRequest = {}): Promise<ApiAnswer<T> | undefined> {
    const answered = this.process.request<T>(method, path, request).catch(() => undefined);
    const stop = new AbortController();
    const late = delay(ANSWER_TIMEOUT_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    const answer = await Promise.race([answered, late]);
    stop.abort();
    return answer;
  }

  /** Ends it for good, with a drain. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.process.stop();
    await this.supervision;
  }
}
