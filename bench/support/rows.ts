/** One answer of a benchmark; a claim is the ratio, since the machine it ran on is shared and noisy. */
export interface Row {
  question: string;
  ours: number;
  /** What the same work costs without the product, measured in the same run. */
  limit: number;
  ratio: number;
  unit: string;
  /** Measurements behind `ours`. */
  n: number;
  /** What was measured as the limit. */
  limitIs: string;
}

export type Measured = Omit<Row, 'ratio'>;

export function toRow({ question, ours, limit, unit, n, limitIs }: Measured): Row {
  return { question, ours: round(ours), limit: round(limit), ratio: round(ours / limit), unit, n, limitIs };
}

/** The value that `share` of the values do not exceed (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

export interface Compared {
  question: string;
  ours: readonly number[];
  limit: readonly number[];
  unit: string;
  limitIs: string;
}

/** A row for the median and one for the 99th percentile; with fewer than 100 values the latter is the slowest. */
export function percentileRows({ question, ours, limit, unit, limitIs }: Compared): Row[] {
  return [0.5, 0.99].map((share) => {
    const name = share === 0.5 ? 'p50' : ours.length < 100 ? 'slowest' : 'p99';
    const values = { ours: percentile(ours, share), limit: percentile(limit, share) };
    return toRow({ question: `${question}, ${name}`, ...values, unit, n: ours.length, limitIs });
  });
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function formatTable(rows: readonly Row[]): string {
  const head = ['question', 'ours', 'limit', 'ratio', 'unit', 'n', 'the limit is'];
  const cells = rows.map((row) =>
    [row.question, row.ours, row.limit, row.ratio, row.unit, row.n, row.limitIs].map(String),
  );
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)));
  const isNumber = [1, 2, 3, 5];
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three significant digits: more would be noise. */
function round(value: number): number {
  return Number.isFinite(value) && Math.abs(value) < 1_000 ? Number(value.toPrecision(3)) : Math.round(value);
}
