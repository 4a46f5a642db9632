import { describe, expect, it } from '@jest/globals';
import { JobHandlers, taskName } from '../../../src/modules/jobs/job-queue.port.js';

describe('taskName', () => {
  it('binds a job to a node by its name', () => {
    expect(taskName('object.delete')).toBe('object.delete');
    expect(taskName('playback.finalise', 'node-a')).toBe('playback.finalise@node-a');
  });
});

describe('JobHandlers', () => {
  it('knows the jobs of this process alone', () => {
    const handlers = new JobHandlers();
    handlers.register('playback.finalise', async () => {}, 'node-a');
    handlers.register('object.delete', async () => {});
    expect(handlers.entries().map(([task]) => task)).toEqual(['playback.finalise@node-a', 'object.delete']);
  });
});
