/** How `sprite.jpg` is divided into tiles, row by row from the top left. */
export interface SpriteLayout {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  /** Where in the video each tile was taken, milliseconds from its start, ascending. */
  atMs: number[];
  /** Length of the video. */
  durationMs: number;
}
