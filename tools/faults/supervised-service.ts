import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, bodyOf, type HindsightClient } from '@hindsight/client';
import type { ServiceProcess } from '../service-process.js';

/** As RestartSec of systemd, which is 100 ms unless said otherwise. */
const RESTART_MS = 100;
const POLL_MS = 20;
const ANSWER_TIMEOUT_MS = 10_000;
const RETRY_MS = 250;

/** One call of the API; made anew at each try. */
export type Call<T> = (api: HindsightClient) => Promise<Answer<T>>;

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

  /** Repeats a call until it is answered with success, as a webhook's sender does; an answer that says "never" is an error. */
  async deliver<T>(call: Call<T>, deadlineMs: number): Promise<T> {
    for (;;) {
      const answer = await this.ask(call);
      const isLate = Date.now() > deadlineMs;
      if (answer && (isLate || isLast(answer.response))) return bodyOf(answer);
      if (isLate) throw new Error('the service did not answer');
      if (answer?.response.status === 401) await this.process.login().catch(() => undefined);
      await delay(RETRY_MS);
    }
  }

  /** The answer; undefined when there was none. */
  async ask<T>(call: Call<T>): Promise<Answer<T> | undefined> {
    const answered = call(this.process.api).catch(() => undefined);
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

/** A success, or a refusal that no repetition changes. */
function isLast({ ok, status }: Response): boolean {
  return ok || (status >= 400 && status < 500 && ![401, 408, 429].includes(status));
}
