import { percentile, type Row, toRow } from './rows.js';

/** The most that the end may take beyond the bytes that are left. */
const PROMISED_MS = 2_000;
const MIB = 1024 ** 2;

export interface Length {
  name: string;
  sec: number;
}

export interface Ended {
  /** From the answer to the end until the row said COMPLETED. */
  ms: number;
  /** What went over the link within that time. */
  sentBytes: number;
  /** What is least: the same bytes at the rate of the link. */
  leastMs: number;
  /** Footage in the log that the store had no full part of when the end was sent. */
  unsafeBytes: number;
  /** That footage and the head of the file, at the rate of the link; or the smallest part that the store takes. */
  neededMs: number;
  /** The same without the head. */
  footageMs: number;
  /** The service's memory when it was COMPLETED. */
  rssBytes: number;
  playbackId: string;
}

export interface AtTheEnd {
  ms: number;
  how: string;
}

export interface Measured {
  length: Length;
  ended: Ended[];
  atTheEnd: AtTheEnd;
}

/** What the ends of one length come to. */
export function rowsOf({ length: { name }, ended, atTheEnd }: Measured): Row[] {
  const n = ended.length;
  const of = (key: 'ms' | 'leastMs' | 'sentBytes' | 'unsafeBytes') => ended.map((each) => each[key]);
  const least = { unit: 'ms', n, limitIs: 'the bytes that went over the link after the end, at its rate' };
  const ours = percentile(of('ms'), 0.5);
  const beyondMs = Math.max(...ended.map(({ ms, leastMs }) => ms - leastMs));
  const over = `${name} over an uplink of twice the bit rate`;
  return [
    toRow({ question: `${over}: end to COMPLETED, p50`, ours, limit: percentile(of('leastMs'), 0.5), ...least }),
    toRow({
      ...{ question: `${over}: end to COMPLETED, slowest`, ours: Math.max(...of('ms')), ...least },
      limit: Math.max(...of('leastMs')),
    }),
    toRow({
      ...{ question: `${over}: beyond those bytes, most`, ours: beyondMs, limit: PROMISED_MS, unit: 'ms', n },
      limitIs: 'what is promised',
    }),
    toRow({
      ...{ question: `${over}: beyond the footage and the head that were missing, most`, unit: 'ms', n },
      ...{ ours: Math.max(...ended.map(({ ms, neededMs }) => ms - neededMs)), limit: PROMISED_MS },
      limitIs:
        'what is promised; the footage of which the store had no full part, and the head, or the smallest part that it takes, at the rate of the link',
    }),
    toRow({
      ...{ question: `${over}: beyond that footage alone, most`, unit: 'ms', n },
      ...{ ours: Math.max(...ended.map(({ ms, footageMs }) => ms - footageMs)), limit: PROMISED_MS },
      limitIs: 'what is promised; the same without the head',
    }),
    toRow({
      ...{ question: `${over}: sent after the end, most`, ours: Math.max(...of('sentBytes')) / MIB, unit: 'MiB', n },
      ...{
        limit: Math.max(...of('unsafeBytes')) / MIB,
        limitIs: 'the most footage of which the store had no full part',
      },
    }),
    toRow({
      ...{ question: `${over}: end to COMPLETED, p50 (against upload at the end)`, ours, unit: 'ms', n },
      ...{ limit: atTheEnd.ms, limitIs: atTheEnd.how },
    }),
  ];
}

/** The longest beside the shortest. */
export function comparisons(measured: readonly Measured[]): Row[] {
  const [shortest, longest] = [measured[0]!, measured.at(-1)!];
  const msOf = ({ ended }: Measured) => ended.map(({ ms }) => ms);
  const limitIs = `${shortest.length.name} of footage`;
  const question = `${longest.length.name} against ${shortest.length.name}: end to COMPLETED`;
  const row = (name: string, pick: (values: readonly number[]) => number) =>
    toRow({
      ...{ question: `${question}, ${name}`, ours: pick(msOf(longest)), limit: pick(msOf(shortest)) },
      ...{ unit: 'ms', n: longest.ended.length, limitIs },
    });
  const memoryOf = ({ ended }: Measured) => Math.max(...ended.map(({ rssBytes }) => rssBytes)) / MIB;
  const memory = toRow({
    question: `${longest.length.name} against ${shortest.length.name}: memory of the service then, most`,
    ...{ ours: memoryOf(longest), limit: memoryOf(shortest), unit: 'MiB', n: longest.ended.length, limitIs },
  });
  return [row('p50', (values) => percentile(values, 0.5)), row('slowest', (values) => Math.max(...values)), memory];
}
