/**
 * What can be kept for a time, in the order in which it goes when bytes are wanted: first what is recorded anyway, last what somebody
 * was meant to see.
 */
export const KEPT_KINDS = ['continuous', 'export', 'schedule', 'manual', 'event'] as const;
export type KeptKind = (typeof KEPT_KINDS)[number];
