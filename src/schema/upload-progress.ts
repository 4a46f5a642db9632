/** How far the upload of a recording is. */
export interface UploadProgress {
  /** Media that the store has. */
  safeBytes: number;
  /** Media that is to be sent yet. */
  pendingBytes: number;
  /** Media that would be lost if the recorder's disk were gone now. */
  atRiskBytes: number;
}
