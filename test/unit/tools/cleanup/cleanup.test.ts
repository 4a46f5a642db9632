import { describe, expect, it } from '@jest/globals';
import { parseOptions, UsageError } from '../../../../tools/cleanup/options.js';
import { formatRun } from '../../../../tools/cleanup/table.js';

const CAMERA = '11111111-1111-4111-8111-111111111111';

describe('npm run cleanup', () => {
  it('passes on what was typed', () => {
    const all = ['--days', '30', '--camera', CAMERA, '--kind', 'continuous', '--max-bytes', '1000', '--dry-run'];
    expect(parseOptions(all)).toEqual({
      ...{ dryRun: true, days: 30, maxBytes: 1_000 },
      cameraId: CAMERA,
      kind: 'continuous',
    });
    expect(parseOptions([])).toEqual({ dryRun: false });
    expect(parseOptions(['--help'])).toBeNull();
  });

  it('refuses what it does not know, before anything goes', () => {
    for (const args of [['--day', '30'], ['--days', '0'], ['--days', '1e3'], ['--days', '-1'], ['--days'], ['30']]) {
      expect(() => parseOptions(args)).toThrow(UsageError);
    }
  });

  it('prints a line for each camera and kind, and the sum', () => {
    const row = { kind: 'continuous' as const, objects: 3, bytes: 300, oldestAt: '2026-01-31T12:00:00.000Z' };
    const held = { heldObjects: 2, heldBytes: 200, heldBy: ['lock'] };
    const cameras = [
      { cameraId: CAMERA, ...row, ...held },
      { cameraId: 'other', ...row, kind: 'event' as const, heldObjects: 0, heldBytes: 0, heldBy: [] },
    ];
    expect(formatRun({ dryRun: true, cameras }, new Map([[CAMERA, 'Yard']]))).toBe(
      'camera  kind        objects  bytes  oldest                    held  held bytes  held by\n' +
        'Yard    continuous  3        300    2026-01-31T12:00:00.000Z  2     200         lock\n' +
        'other   event       3        300    2026-01-31T12:00:00.000Z  0     0           –\n' +
        '6 objects with 600 bytes would be deleted.\n',
    );
    expect(formatRun({ dryRun: false, cameras: [] }, new Map())).toBe('0 objects with 0 bytes deleted.\n');
  });
});
