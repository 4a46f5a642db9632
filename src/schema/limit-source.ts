/** Whose word a limit is: the policy for this camera and kind, for the camera, for the kind, for everything, or the service's settings. */
export const LIMIT_SOURCES = ['camera_kind', 'camera', 'kind', 'all', 'settings'] as const;
export type LimitSource = (typeof LIMIT_SOURCES)[number];
