import { attribute, children, descendants, find, textOf, type XmlElement } from './xml.js';

/** A stream that the device offers; codec as the device spells it (`H264`, `H265`, `JPEG`). */
export interface OnvifProfile {
  /** Any text, digits too: it is given back as it came. */
  token: string;
  name: string;
  codec: string | null;
  width: number | null;
  height: number | null;
  fps: number | null;
}

/** The longest that a camera's row holds; ONVIF allows 64 (ReferenceToken in onvif.xsd). */
const MAX_TOKEN_LENGTH = 255;

/**
 * The profiles in a `GetProfilesResponse` of Media (ver10) or Media2 (ver20). Whatever but the token is missing is null; a profile
 * without a token cannot be asked for and is left out.
 */
export function readProfiles(response: XmlElement): OnvifProfile[] {
  return children(response, 'profiles').flatMap((profile): OnvifProfile[] => {
    const token = attribute(profile, 'token') ?? '';
    if (token.trim() === '' || token.length > MAX_TOKEN_LENGTH) return [];
    const encoder =
      find(profile, 'videoencoderconfiguration') ?? find(profile, 'configurations', 'videoencoder') ?? undefined;
    const resolution = find(encoder, 'resolution');
    return [
      {
        token,
        name: textOf(find(profile, 'name')).slice(0, 255),
        codec: textOf(find(encoder, 'encoding')).slice(0, 255) || null,
        width: positive(find(resolution, 'width')),
        height: positive(find(resolution, 'height')),
        fps: positive(find(encoder, 'ratecontrol', 'frameratelimit')),
      },
    ];
  });
}

/**
 * The address in the answer to GetStreamUri or GetSnapshotUri: `MediaUri/Uri` (Media), `Uri` (Media2), or one put elsewhere.
 * @returns undefined when there is none
 */
export function readMediaUri(response: XmlElement): string | undefined {
  const usual = [
    ...children(response, 'mediauri').flatMap((media) => children(media, 'uri')),
    ...children(response, 'uri'),
  ];
  const named = usual.map(textOf).find((text) => text !== '');
  return (
    named ??
    descendants(response, 'uri')
      .map(textOf)
      .find((text) => text.includes('://'))
  );
}

function positive(element: XmlElement | undefined): number | null {
  const value = Number(textOf(element));
  return value > 0 && value <= 100_000 ? value : null;
}
