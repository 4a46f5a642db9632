import { setTimeout as delay } from 'node:timers/promises';
import type { ApiAnswer, ApiRequest, ServiceProcess } from '../service-process.js';

/** As RestartSec of systemd, which is 100 ms unless said otherwise. */
const RESTART_MS = 100;
const POLL_MS = 20;
const ANSWER_TIMEOUT_MS = 10_000;
const RETRY_MS = 250;

/** The service under something that starts it again whenever it ends, as systemd would. */
export class SupervisedService {
  /** It has come up and answers. */
  isReady = false;
  private stopping = false;
  private supervision: Promise<void> = Promise.resolve();

  constructor(readonly process: ServiceProcess) {}

  /** Resolves when the first start is done. */
  async start(): Promise<void> {
    await this.process.start();
    this.isReady = true;
    this.supervision = this.supervise();
  }

  private async supervise(): Promise<void> {
    for (;;) {
      while (this.process.running) await delay(POLL_MS);
      this.isReady = false;
      if (this.stopping) return;
      await delay(RESTART_MS);
      // One that is killed while it starts is started again.
      this.isReady = await this.process.start().then(
        () => true,
        () => false,
      );
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

  /** Does what needs the API, again while it is down. */
  async insist<T>(work: () => Promise<T>, deadlineMs: number): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        // What `fetch` throws when there is no answer, or only a part of it; Jest has a TypeError of its own.
        if ((error as Error).name !== 'TypeError' || Date.now() > deadlineMs) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** Ends it for good, with a drain. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.process.stop();
    await this.supervision;
  }
}
