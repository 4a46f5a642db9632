import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Everything that is measured. Each instance has a registry of its own, so that tests do not mix.
 * Labels take few values that we choose ourselves: never an id, a path or a word of a client's.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly capturesRunning = new Gauge({
    name: 'hindsight_captures_running',
    help: 'FFmpeg processes that are capturing a camera now',
    registers: this.registers,
  });

  readonly recordings = new Gauge({
    name: 'hindsight_recordings',
    help: 'Recordings that are not finished, by status; the same on every node, since it is counted in the database',
    labelNames: ['status'] as const,
    registers: this.registers,
  });

  readonly cameras = new Gauge({
    name: 'hindsight_cameras',
    help: 'Cameras by what they were last seen doing, idle when nobody wants them; the same on every node, since it is counted in the database',
    labelNames: ['state'] as const,
    registers: this.registers,
  });

  readonly captureFailures = new Counter({
    name: 'hindsight_capture_failures_total',
    help: 'Attempts to capture a camera that gave no footage, or no more, by cause',
    labelNames: ['cause'] as const,
    registers: this.registers,
  });

  readonly triggerToFirstFragmentSec = new Histogram({
    name: 'hindsight_trigger_to_first_fragment_seconds',
    help: 'From accepting an event to the first fragment of its recording on disk',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 30],
    registers: this.registers,
  });

  readonly finaliseDurationSec = new Histogram({
    name: 'hindsight_finalise_duration_seconds',
    help: 'From the end of a recording to its verified object in the store',
    buckets: [0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400],
    registers: this.registers,
  });

  readonly uploadBytes = new Counter({
    name: 'hindsight_upload_bytes_total',
    help: 'Bytes that the object store has accepted',
    registers: this.registers,
  });

  readonly uploadFailures = new Counter({
    name: 'hindsight_upload_failures_total',
    help: 'Uploads to the object store that failed and are tried again or given up',
    registers: this.registers,
  });

  readonly uploadPendingBytes = new Gauge({
    name: 'hindsight_upload_pending_bytes',
    help: 'Footage of running recordings that is still to be sent to the store from here',
    registers: this.registers,
  });

  readonly uploadAtRiskBytes = new Gauge({
    name: 'hindsight_upload_at_risk_bytes',
    help: 'Footage that would be lost if the disk of this recorder were gone now',
    registers: this.registers,
  });

  readonly uploadsOpen = new Gauge({
    name: 'hindsight_uploads_open',
    help: 'Recordings that this process is sending to the store, or will',
    registers: this.registers,
  });

  readonly fragments = new Counter({
    name: 'hindsight_fragments_total',
    help: 'Fragments written to the fragment log',
    registers: this.registers,
  });

  readonly fragmentBytes = new Counter({
    name: 'hindsight_fragment_bytes_total',
    help: 'Bytes written to the fragment log',
    registers: this.registers,
  });

  readonly gaps = new Counter({
    name: 'hindsight_gaps_total',
    help: 'Gaps in finished recordings, by cause',
    labelNames: ['cause'] as const,
    registers: this.registers,
  });

  readonly gapSec = new Counter({
    name: 'hindsight_gap_seconds_total',
    help: 'Seconds of footage missing from finished recordings, by cause',
    labelNames: ['cause'] as const,
    registers: this.registers,
  });

  readonly expectedSec = new Counter({
    name: 'hindsight_expected_seconds_total',
    help: 'Seconds that completed recordings were to hold',
    registers: this.registers,
  });

  readonly storedSec = new Counter({
    name: 'hindsight_stored_seconds_total',
    help: 'Seconds of footage that completed recordings hold; by the expected seconds, the share that was not lost',
    registers: this.registers,
  });

  readonly recorders = new Gauge({
    name: 'hindsight_recorders',
    help: 'Recorders on this database that this one sees, itself included; 0 before it has looked, and where nothing is recorded',
    registers: this.registers,
  });

  readonly takeovers = new Counter({
    name: 'hindsight_takeovers_total',
    help: 'Open recordings that this process took over from another recorder',
    registers: this.registers,
  });

  readonly events = new Counter({
    name: 'hindsight_events_total',
    help: 'Events accepted, by what they led to: requested, joined, not_requested or refused',
    labelNames: ['decision'] as const,
    registers: this.registers,
  });

  readonly ffmpegStarts = new Counter({
    name: 'hindsight_ffmpeg_starts_total',
    help: 'FFmpeg processes started to capture a camera, restarts included',
    registers: this.registers,
  });

  readonly diskFreeBytes = new Gauge({
    name: 'hindsight_disk_free_bytes',
    help: 'Free space on the disk of the recordings',
    registers: this.registers,
  });

  readonly diskLow = new Gauge({
    name: 'hindsight_disk_low',
    help: '1 while the disk of the recordings is too full to record, else 0',
    registers: this.registers,
  });

  readonly storeUp = new Gauge({
    name: 'hindsight_store_up',
    help: '1 while the object store answers this process, else 0; asked at each scrape',
    registers: this.registers,
  });

  readonly incidentsOpen = new Gauge({
    name: 'hindsight_incidents_open',
    help: 'Incidents that go on, by kind; the same on every node, since it is counted in the database',
    labelNames: ['kind'] as const,
    registers: this.registers,
  });

  readonly tornTails = new Counter({
    name: 'hindsight_torn_tails_total',
    help: 'Fragments that a crash or a power loss left half written and that were cut off',
    registers: this.registers,
  });

  readonly httpRequestDurationSec = new Histogram({
    name: 'hindsight_http_request_duration_seconds',
    help: 'HTTP requests from the first byte in to the last byte out, by route pattern',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: this.registers,
  });

  readonly contentType = this.registry.contentType;
  private readonly counts: (() => Promise<void>)[] = [];

  constructor() {
    // The default of 10 ms wakes an idle process a hundred times a second.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 100 });
  }

  readonly removedBytes = new Counter({
    name: 'hindsight_removed_bytes_total',
    help: 'Bytes of footage and recordings that this process has deleted to keep within their limits, by cause: retention (too old), quota, disk',
    labelNames: ['cause'] as const,
    registers: this.registers,
  });

  readonly tombstones = new Gauge({
    name: 'hindsight_tombstones',
    help: 'Objects whose rows are deleted and which their store still has; the same on every node, since it is counted in the database',
    registers: this.registers,
  });

  /** Adds what is counted anew before each scrape, usually in `onModuleInit`. @param count sets gauges; never throws */
  beforeScrape(count: () => Promise<void>): void {
    this.counts.push(count);
  }

  /** Everything in the Prometheus text format. */
  async text(): Promise<string> {
    await Promise.all(this.counts.map((count) => count()));
    return this.registry.metrics();
  }
}
