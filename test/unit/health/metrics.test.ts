import { describe, expect, it } from '@jest/globals';
import { Metrics } from '../../../src/modules/health/metrics.js';

const NAMES = [
  'hindsight_captures_running gauge',
  'hindsight_recordings gauge',
  'hindsight_cameras gauge',
  'hindsight_capture_failures_total counter',
  'hindsight_trigger_to_first_fragment_seconds histogram',
  'hindsight_finalise_duration_seconds histogram',
  'hindsight_upload_bytes_total counter',
  'hindsight_upload_failures_total counter',
  'hindsight_upload_pending_bytes gauge',
  'hindsight_upload_at_risk_bytes gauge',
  'hindsight_uploads_open gauge',
  'hindsight_fragments_total counter',
  'hindsight_fragment_bytes_total counter',
  'hindsight_gaps_total counter',
  'hindsight_gap_seconds_total counter',
  'hindsight_expected_seconds_total counter',
  'hindsight_stored_seconds_total counter',
  'hindsight_recorders gauge',
  'hindsight_takeovers_total counter',
  'hindsight_events_total counter',
  'hindsight_ffmpeg_starts_total counter',
  'hindsight_disk_free_bytes gauge',
  'hindsight_disk_low gauge',
  'hindsight_store_up gauge',
  'hindsight_incidents_open gauge',
  'hindsight_torn_tails_total counter',
  'hindsight_http_request_duration_seconds histogram',
  'hindsight_removed_bytes_total counter',
  'hindsight_tombstones gauge',
];

describe('Metrics', () => {
  it('has these names and types, which dashboards depend on', async () => {
    const text = await new Metrics().text();
    const types = [...text.matchAll(/^# TYPE (hindsight_.*)$/gm)].map(([, type]) => type);
    expect(types).toEqual(NAMES);
  });

  it('explains each, and tells about the process', async () => {
    const text = await new Metrics().text();
    for (const [name] of NAMES.map((line) => line.split(' ')))
      expect(text).toMatch(new RegExp(`^# HELP ${name} .{20,}$`, 'm'));
    expect(text).toContain('process_resident_memory_bytes');
  });

  it('starts its plain counters at zero, so that a rate can be taken from the first one on', async () => {
    expect(await new Metrics().text()).toMatch(/^hindsight_upload_failures_total 0$/m);
  });

  it('does not share its numbers with another instance', async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    one.gaps.inc({ cause: 'camera_lost' });
    one.ffmpegStarts.inc(3);
    expect(await one.text()).toMatch(/^hindsight_gaps_total\{cause="camera_lost"\} 1$/m);
    expect(await two.text()).toMatch(/^hindsight_ffmpeg_starts_total 0$/m);
  });
});
