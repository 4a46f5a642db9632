import { LOGIN_ODDITIES } from './login-oddities.js';
import type { Oddity } from './oddity.js';
import { ONVIF_ODDITIES } from './onvif-oddities.js';
import { SDP_ODDITIES } from './sdp-oddities.js';
import { TIME_ODDITIES } from './time-oddities.js';
import { TRACK_ODDITIES } from './track-oddities.js';
import { VIDEO_ODDITIES } from './video-oddities.js';

/** Every oddity by its name. A new one is added to its group, and in the one place that acts on it. */
export const ODDITIES = {
  ...TRACK_ODDITIES,
  ...TIME_ODDITIES,
  ...VIDEO_ODDITIES,
  ...LOGIN_ODDITIES,
  ...SDP_ODDITIES,
  ...ONVIF_ODDITIES,
};

type ValueOf<O> = O extends Oddity<infer T> ? T : never;

/** How the camera is, other than a usual one; null, false and an empty list are usual. */
export type Oddities = { -readonly [Name in keyof typeof ODDITIES]: ValueOf<(typeof ODDITIES)[Name]> };

export type OddityName = keyof Oddities;

export const ODDITY_NAMES = Object.keys(ODDITIES) as OddityName[];

export const NO_ODDITIES: Readonly<Oddities> = Object.fromEntries(
  ODDITY_NAMES.map((name) => [name, ODDITIES[name].usual]),
) as unknown as Oddities;
