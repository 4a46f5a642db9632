export const EXPORT_PHASES = ['finding', 'encoding', 'storing', 'checking'] as const;
/** What an export is at: its footage is looked for, made alike by FFmpeg, sent to the store, looked at there. */
export type ExportPhase = (typeof EXPORT_PHASES)[number];

/** How far an export is. */
export interface ExportProgress {
  phase: ExportPhase;
  /** Media that the store has. */
  doneBytes: number;
  /** Media that it is going to have; 0 while that is not known. */
  totalBytes: number;
}
