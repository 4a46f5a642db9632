import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { downloadName } from '../../../src/modules/playback/domain/download-name.js';

const START = new Date('2026-01-31T12:00:05.678Z');
const nameOf = (camera: string) => downloadName(camera, START);

describe('the name of a downloaded file', () => {
  it.each([
    ['Front door', 'Front door-20260131T120005Z.mp4'],
    ['Hof süd 门', 'Hof süd 门-20260131T120005Z.mp4'],
    ['../../etc/passwd', 'etc-passwd-20260131T120005Z.mp4'],
    ['.hidden', 'hidden-20260131T120005Z.mp4'],
    ['a "quoted" name', 'a -quoted- name-20260131T120005Z.mp4'],
    ['C:\\cams\\1', 'C-cams-1-20260131T120005Z.mp4'],
    ['line\r\nbreak', 'line-break-20260131T120005Z.mp4'],
    ['\u202egpj.exe', 'gpj.exe-20260131T120005Z.mp4'],
    ['half \ud83d emoji', 'half - emoji-20260131T120005Z.mp4'],
    ['', 'camera-20260131T120005Z.mp4'],
    ['...', 'camera-20260131T120005Z.mp4'],
  ])('made from the camera name %j is %j', (camera, name) => {
    expect(nameOf(camera)).toBe(name);
  });

  it('fits into a directory entry, whole characters only', () => {
    const name = nameOf('🎥'.repeat(100));
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^(🎥)+-2026/u);
  });

  it('is always one visible, storable path segment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (camera) => {
        const name = nameOf(camera);
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Cs}]|^\./u);
        expect(name).toMatch(/.-20260131T120005Z\.mp4$/u);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      }),
    );
  });
});
