/** What an incident is about. */
export interface IncidentSubject {
  cameraId?: string | undefined;
  playbackId?: string | undefined;
}

/** Something that is wrong now. */
export interface Condition {
  /** Empty: what the kind says is about no single thing. A check finds each subject at most once. */
  subject: IncidentSubject;
  /** Since when it holds; it is an incident once that is long enough ago. */
  since: Date;
  /** One sentence for an operator, without secrets. */
  detail: string;
}

/**
 * The subject in one word, the same in every process: of two open incidents of a kind with the same word, one is too many.
 * @param nodeId the recorder that alone can see it, or null
 */
export function subjectWord({ cameraId, playbackId }: IncidentSubject, nodeId: string | null): string {
  return Object.entries({ camera: cameraId, playback: playbackId, node: nodeId ?? undefined })
    .filter(([, id]) => id !== undefined)
    .map(([name, id]) => `${name}:${id}`)
    .join(' ');
}
