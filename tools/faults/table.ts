import { KILL_KINDS } from './plan.js';
import type { CampaignEvidence, Verdict } from './verdict.js';

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}

/** The result of a campaign as lines of text. */
export function formatVerdict(evidence: CampaignEvidence, verdict: Verdict): string {
  const { kills, recordings } = evidence;
  const rows: [string, string][] = [
    ...KILL_KINDS.map((kind): [string, string] => [`kills: ${kind}`, formatKind(kind, evidence, verdict)]),
    ['kills in all', String(kills.filter(({ pids }) => pids.length > 0).length)],
    ['recordings', `${recordings.length}, of ${evidence.cameras.length} cameras`],
    ['lost per kill and camera hit', formatMs(verdict.costs.map(({ lostMs }) => lostMs))],
    ['until footage goes on', formatMs(verdict.costs.flatMap(({ reconnectMs }) => reconnectMs ?? []))],
    ['heard while only opening', `${Math.round(verdict.openingMs)} ms`],
    ['lost without a kill', `${verdict.unexplained.reduce((sum, { lost }) => sum + lost.frames, 0)} frames`],
    ['unaccounted', `${verdict.unaccountedMs} ms`],
    ['gaps overstated', `${verdict.overstatedMs} ms`],
    ['clock of objects behind camera', formatClock(evidence)],
    ['recordings lost', String(verdict.lostRecordings)],
    ['stuck rows', String(verdict.stuck)],
    ['orphan processes', String(verdict.orphans)],
    ['cameras captured twice at once', String(verdict.doubles)],
    ['objects that FFmpeg complains about', String(verdict.noisy)],
    ['objects other than their row', String(verdict.different)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function formatKind(kind: string, { kills }: CampaignEvidence, { costs }: Verdict): string {
  const done = kills.filter((kill) => kill.kind === kind && kill.pids.length > 0).length;
  const own = costs.filter(({ kill }) => kill.kind === kind);
  return `${String(done).padStart(4)}   lost ${formatMs(own.map(({ lostMs }) => lostMs))}, back ${formatMs(own.flatMap(({ reconnectMs }) => reconnectMs ?? []))}`;
}

function formatMs(values: readonly number[]): string {
  const middle = median(values);
  if (middle === null) return '–';
  return `${Math.round(middle)} ms median, ${Math.round(Math.max(...values))} ms worst (${values.length})`;
}

function formatClock({ recordings }: CampaignEvidence): string {
  const clocks = recordings.flatMap(({ judgement }) =>
    judgement && judgement.stored.size > 0 ? [judgement.clock] : [],
  );
  if (clocks.length === 0) return '–';
  const least = Math.round(Math.min(...clocks.map(({ leastMs }) => leastMs)));
  const most = Math.round(Math.max(...clocks.map(({ mostMs }) => mostMs)));
  return `${least} to ${most} ms; within one object up to ${Math.round(Math.max(...clocks.map(({ leastMs, mostMs }) => mostMs - leastMs)))} ms`;
}
