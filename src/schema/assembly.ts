export const ASSEMBLIES = ['copied', 'remuxed', 'audio_re_encoded', 're_encoded'] as const;
/**
 * How the file of a playback was made out of its fragments: as the camera sent them; by FFmpeg, with the pictures as the camera sent them and
 * the sound encoded anew, since the fragments could not be laid out as they are; with new sound, since the sound's format changed half-way;
 * or with new pictures and sound, since the pictures' format or size changed.
 */
export type Assembly = (typeof ASSEMBLIES)[number];
