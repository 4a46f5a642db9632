import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { AppError } from '../../../src/common/errors.js';
import { createLogger } from '../../../src/common/logging.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { GraphileQueue } from '../../../src/modules/jobs/graphile.queue.js';
import { JobHandlers } from '../../../src/modules/jobs/job-queue.port.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackMedia } from '../../../src/schema/playback-media.entity.js';
import { MediaTools } from '../../../src/ffmpeg/media-tools.process.js';
import { PreviewFrames } from '../../../src/modules/preview/preview-frames.process.js';
import { PreviewRepository } from '../../../src/modules/preview/preview.repository.js';
import { PreviewService } from '../../../src/modules/preview/preview.service.js';
import { spriteKey, thumbnailKey } from '../../../src/modules/storage/domain/object-key.js';
import { findTools } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { jobContext, PreviewLab } from '../../support/recorder/preview-lab.js';
import { type Footage, makeFootage } from '../../support/recorder/stored-playback.js';

describe('the job playback.preview', () => {
  let lab: PreviewLab;
  let footage: Footage;
  beforeAll(async () => {
    lab = await PreviewLab.open();
    footage = await makeFootage({ gopSec: 1 }, { seconds: 4 });
  });

  afterAll(() => lab.close());
  afterEach(() => void jest.restoreAllMocks());

  const objects = async (id: string) =>
    (await Promise.all([lab.store.head(thumbnailKey(id)), lab.store.head(spriteKey(id))])).map(Boolean);
  const noFfmpeg = async () => new MediaTools(null, (await findTools()).ffprobe, 'FFmpeg is away.');
  const away = new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });

  it('runs from the queue', async () => {
    const { id, media } = await lab.put(footage, 0);
    const handlers = new JobHandlers();
    const rows = new PreviewRepository(lab.database.dataSource);
    const logger = createLogger('silent');
    new PreviewService(lab.store, rows, new PreviewFrames(await findTools()), new SystemClock(), logger, handlers);
    const config = { jobs: { concurrency: 2 } } as AppConfig;
    const queue = new GraphileQueue(lab.database.dataSource, config, handlers, logger);
    try {
      await queue.onApplicationBootstrap();
      const options = { key: `preview:${id}`, line: 'previews' };
      await queue.enqueue(lab.database.dataSource.manager, 'playback.preview', { playbackId: id }, options);
      await eventually(async () =>
        expect(await media()).toMatchObject({ thumbnailAt: expect.any(Date), sprite: { columns: 4 } }),
      );
    } finally {
      await queue.beforeApplicationShutdown();
    }
  });

  it('makes only what is missing', async () => {
    const { id, media } = await lab.put(footage, 0);
    const previews = await lab.start();
    await previews.make(id, jobContext());
    const before = await media();
    const writes = jest.spyOn(lab.store, 'putBytes');
    await previews.make(id, jobContext());
    expect([await media(), writes.mock.calls]).toEqual([before, []]);

    await lab.database.dataSource.manager.update(PlaybackMedia, { playbackId: id }, { sprite: null });
    await previews.make(id, jobContext());
    expect((await media())?.sprite).toEqual(before?.sprite);
    expect(writes.mock.calls.map(([key]) => key)).toEqual([spriteKey(id)]);
  });

  it('leaves a video without an index alone, and says so', async () => {
    const { id, media } = await lab.put(footage, 0);
    await lab.database.dataSource.manager.update(PlaybackMedia, { playbackId: id }, { stream: null });
    await (await lab.start()).make(id, jobContext());
    expect([await objects(id), (await media())?.thumbnailAt]).toEqual([[false, false], null]);
    expect(lab.lines.join()).toContain('without an index');
  });

  it('leaves nothing of a playback that is deleted meanwhile', async () => {
    const { id } = await lab.put(footage, 0);
    const put = lab.store.putBytes.bind(lab.store);
    jest.spyOn(lab.store, 'putBytes').mockImplementation(async (...args) => {
      await lab.database.dataSource.manager.delete(Playback, { id });
      return put(...args);
    });
    await (await lab.start()).make(id, jobContext());
    expect(await objects(id)).toEqual([false, false]);
  });

  it('takes away what an earlier try has left of a deleted playback', async () => {
    const { id } = await lab.put(footage, 0);
    await lab.store.putBytes(spriteKey(id), Buffer.from('x'), { contentType: 'image/jpeg' });
    await lab.database.dataSource.manager.delete(Playback, { id });
    await (await lab.start()).make(id, jobContext());
    expect(await objects(id)).toEqual([false, false]);
  });

  it('is tried again some times, then given up with a word in the log', async () => {
    const { id, media } = await lab.put(footage, 0);
    const previews = await lab.start(lab.store, await noFfmpeg());
    await expect(previews.make(id, jobContext(4))).rejects.toMatchObject({ code: 'RECORDING.PREVIEW_FAILED' });
    expect(lab.lines.join()).not.toContain('without previews');
    await previews.make(id, jobContext(5));
    expect(lab.lines.join()).toContain('a playback stays without previews');
    expect(await media()).toMatchObject({ thumbnailAt: null, sprite: null });
  });

  it('waits longer for a store that is away', async () => {
    const { id } = await lab.put(footage, 0);
    const previews = await lab.start();
    jest.spyOn(lab.store, 'openRead').mockRejectedValue(away);
    await expect(previews.make(id, jobContext(5))).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
    await previews.make(id, jobContext(18));
    expect(lab.lines.join()).toContain('a playback stays without previews');
  });

  it('makes the sprite although the thumbnail fails', async () => {
    const { id, media } = await lab.put(footage, 0);
    const put = lab.store.putBytes.bind(lab.store);
    jest.spyOn(lab.store, 'putBytes').mockImplementation(async (key, ...rest) => {
      if (key === thumbnailKey(id)) throw away;
      return put(key, ...rest);
    });
    await expect((await lab.start()).make(id, jobContext())).rejects.toBe(away);
    expect(await media()).toMatchObject({ thumbnailAt: null, sprite: { columns: 4 } });
  });

  it('stops at once with the service', async () => {
    const { id, media } = await lab.put(footage, 0);
    const stopping = new AbortController();
    stopping.abort();
    const previews = await lab.start();
    await expect(previews.make(id, { signal: stopping.signal, attempt: 99 })).rejects.toThrow();
    expect(await media()).toMatchObject({ thumbnailAt: null, sprite: null });
  });
});
