export const ASSEMBLIES = ['copied', 're_encoded'] as const;
/** How the file of a playback was made out of its fragments. */
export type Assembly = (typeof ASSEMBLIES)[number];
