/** That something happened at a camera, whoever says so: a request, a message of a broker, the camera itself. */
export interface Trigger {
  cameraId: string;
  /** One word in upper case, like MOTION: the camera's `recordOn` says which of them record. */
  type: string;
  description: string | null;
  /** When it happened by its sender's clock; null: that was not said, so it is now. */
  saidAt: Date | null;
  /** What else was said, kept as it is. */
  metadata: Record<string, unknown>;
}
