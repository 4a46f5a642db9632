import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { backoffMs } from '../../common/backoff.js';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';

export const CHANNELS = ['hindsight_recordings'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Tells other processes that rows of interest changed; delivered when the transaction of `manager` commits, in milliseconds. */
export async function notify(manager: EntityManager, channel: Channel, payload: string): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [channel, payload]);
}

/**
 * Hears notifications on a connection of its own and comes back after the connection was lost. What was said meanwhile is lost:
 * `onMessage` is called once with `null` after every (re)connect, to look at the rows; callers poll slowly besides.
 */
@Injectable()
export class NotificationListener implements OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
  ) {}

  listen(channel: Channel, onMessage: (payload: string | null) => void): void {
    this.loops.push(this.keepListening(channel, onMessage));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async keepListening(channel: Channel, onMessage: (payload: string | null) => void): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.listenOnce(channel, onMessage, () => (attempt = 0));
      } catch (error) {
        if (signal.aborted) return;
        this.logger.warn('lost the notification connection', { channel, err: error as Error });
        await this.clock.sleep(backoffMs(attempt, { firstMs: 200, maxMs: 5_000 }), signal);
      }
    }
  }

  /** Ends by throwing when the connection is lost, by returning when the process stops. */
  private async listenOnce(
    channel: Channel,
    onMessage: (payload: string | null) => void,
    connected: () => void,
  ): Promise<void> {
    const { url } = this.dataSource.options as { url?: string };
    const client = new pg.Client({
      ...(url ? { connectionString: url } : {}),
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    const { signal } = this.stopping;
    let stop = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        client.on('error', reject);
        client.on('end', () => reject(new Error('connection closed')));
        stop = resolve;
        signal.addEventListener('abort', stop, { once: true });
        client.on('notification', ({ payload }) => onMessage(payload ?? ''));
        client
          .connect()
          .then(() => client.query(`LISTEN ${channel}`))
          .then(() => {
            connected();
            onMessage(null);
          })
          .catch(reject);
      });
    } finally {
      signal.removeEventListener('abort', stop);
      client.removeAllListeners('end');
      await client.end().catch(() => undefined); // it may be broken already
    }
  }
}
