export const PLAYBACK_KINDS = ['event', 'manual', 'schedule'] as const;
/** What asked for a playback: an event, a person, or a schedule. */
export type PlaybackKind = (typeof PLAYBACK_KINDS)[number];
