import type { RetentionRunResponse } from '@hindsight/client';

const HEADINGS = ['camera', 'kind', 'objects', 'bytes', 'oldest', 'held', 'held bytes', 'held by'];

/** A line for each camera and kind, and what they are together. */
export function formatRun({ dryRun, cameras }: RetentionRunResponse, names: ReadonlyMap<string, string>): string {
  const rows = cameras.map((row) => [
    names.get(row.cameraId) ?? row.cameraId,
    ...[row.kind, String(row.objects), String(row.bytes), row.oldestAt ?? '–'],
    ...[String(row.heldObjects), String(row.heldBytes), row.heldBy.join(', ') || '–'],
  ]);
  const objects = cameras.reduce((sum, row) => sum + row.objects, 0);
  const bytes = cameras.reduce((sum, row) => sum + row.bytes, 0);
  const verb = dryRun ? 'would be deleted' : 'deleted';
  const table = rows.length === 0 ? [] : alignColumns([HEADINGS, ...rows]);
  return [...table, `${objects} objects with ${bytes} bytes ${verb}.`].map((line) => `${line}\n`).join('');
}

function alignColumns(rows: readonly string[][]): string[] {
  const widths = HEADINGS.map((_heading, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
