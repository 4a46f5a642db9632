import { chosen, flagged, numbered } from './oddity.js';

/** What the ONVIF services answer. */
export const ONVIF_ODDITIES = {
  onvifEmptyProfile: chosen(['first', 'last'], 'a profile without any configuration stands before or after the others'),
  onvifMedia: chosen(['1', '2'], 'there is but one media service, ver10 or ver20'),
  onvifMediaHidden: flagged('GetServices does not name the media services, GetCapabilities does'),
  onvifMediaElsewhere: flagged('the media services are on a port of their own', { fixed: true }),
  onvifUri: chosen(['line-breaks', 'blank'], 'line breaks around the stream URI, or a blank in its path, as it is'),
  onvifTokens: chosen(['digits', 'decimal', 'blanks'], 'profile tokens are 20 digits, decimal numbers, or have blanks'),
  onvifLogin: chosen(['digest', 'token'], 'only HTTP Digest, or only WS-Security tokens, are taken'),
  onvifLocalTimeHours: numbered(
    -12,
    14,
    'the clock is answered as local time only, so many hours ahead of UTC, with the time zone',
  ),
} as const;
