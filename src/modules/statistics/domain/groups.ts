import { GAP_CAUSES, type GapCause } from '../../../schema/ledger.js';

/** What a group is of; null: of every one. */
export interface GroupKey {
  date: string | null;
  cameraId: string | null;
}

export interface Counts {
  recordings: number;
  completed: number;
  failed: number;
  /** Footage of the completed ones. */
  storedMs: number;
  bytes: number;
}

/** The gaps of one cause, taken together. */
export interface GapSum {
  cause: GapCause;
  count: number;
  ms: number;
}

export interface Sums extends Counts {
  /** The longest first; each cause at most once. */
  gaps: GapSum[];
}

export type Group = GroupKey & Sums;

/** Puts the gaps to the counts of their groups. Both are of one snapshot, so whatever has gaps is counted. */
export function buildGroups(counts: readonly (GroupKey & Counts)[], gaps: readonly (GroupKey & GapSum)[]): Group[] {
  const gapsByGroup = new Map<string, GapSum[]>();
  for (const { date, cameraId, ...gap } of gaps) {
    const name = nameOf({ date, cameraId });
    gapsByGroup.set(name, [...(gapsByGroup.get(name) ?? []), gap]);
  }
  return counts.map((each) => ({ ...each, gaps: sumGaps(gapsByGroup.get(nameOf(each)) ?? []) }));
}

/** One group for each date, in this order: a date on which nothing was recorded has one with zeros. */
export function fillDates(groups: readonly Group[], dates: readonly string[]): Group[] {
  const byDate = new Map(groups.map((group) => [group.date, group]));
  return dates.map((date) => byDate.get(date) ?? { date, cameraId: null, ...sumUp([]) });
}

/** All groups as one. */
export function sumUp(groups: readonly Sums[]): Sums {
  const sum = (valueOf: (group: Sums) => number) => groups.reduce((total, group) => total + valueOf(group), 0);
  return {
    recordings: sum(({ recordings }) => recordings),
    completed: sum(({ completed }) => completed),
    failed: sum(({ failed }) => failed),
    storedMs: sum(({ storedMs }) => storedMs),
    bytes: sum(({ bytes }) => bytes),
    gaps: sumGaps(groups.flatMap(({ gaps }) => gaps)),
  };
}

/** The share of what has ended well in what has ended; null while nothing has ended. */
export function successRateOf({ completed, failed }: Pick<Counts, 'completed' | 'failed'>): number | null {
  const ended = completed + failed;
  return ended === 0 ? null : completed / ended;
}

function sumGaps(gaps: readonly GapSum[]): GapSum[] {
  const byCause = new Map<GapCause, GapSum>();
  for (const { cause, count, ms } of gaps) {
    const sum = byCause.get(cause) ?? { cause, count: 0, ms: 0 };
    byCause.set(cause, { cause, count: sum.count + count, ms: sum.ms + ms });
  }
  return [...byCause.values()].sort((a, b) => b.ms - a.ms || GAP_CAUSES.indexOf(a.cause) - GAP_CAUSES.indexOf(b.cause));
}

function nameOf({ date, cameraId }: GroupKey): string {
  return `${date} ${cameraId}`;
}
