import type { Oddities } from '../oddities/oddities.js';
import type { SdpForm } from '../oddities/sdp-oddities.js';
import { SDP_EDIT } from '../oddities/sdp-oddities.js';

const FORMS: Record<SdpForm, (sdp: string, base: string) => string> = {
  'two-blanks': (sdp) => sdp.replace(/^(a=rtpmap:\d+) /gm, '$1  '),
  tab: (sdp) => sdp.replace(/^(a=rtpmap:\d+) /gm, '$1\t'),
  'trailing-blank': (sdp) => sdp.replace(/^(a=rtpmap:[^\r]*)/gm, '$1 '),
  'lower-case': (sdp) => sdp.replace(/^a=rtpmap:[^\r]*/gm, (line) => line.toLowerCase()),
  'media-only': (sdp) => sdp.slice(sdp.indexOf('m=')),
  'control-absolute': (sdp, base) => sdp.replace(/^a=control:(?=trackID)/gm, `a=control:${base}`),
  'control-none': (sdp) => sdp.replace(/^a=control:.*\r\n/gm, ''),
  'no-framerate': (sdp) => sdp.replace(/^a=framerate:.*\r\n/gm, ''),
  lf: (sdp) => sdp.replaceAll('\r\n', '\n'),
};

/** The session description as the camera's oddities write it; `base` is the URL that control URLs are under. */
export function spoilSdp(sdp: string, base: string, { sdpForm, sdpEdits }: Readonly<Oddities>): string {
  const edited = sdpEdits.reduce(applyEdit, sdp);
  // In the order of the table: line ends are the last to go, so that the other forms find them.
  const forms = (Object.keys(FORMS) as SdpForm[]).filter((form) => sdpForm.includes(form));
  return forms.reduce((text, form) => FORMS[form](text, base), edited);
}

/** Applies one sed command. */
function applyEdit(text: string, edit: string): string {
  const [, , pattern = '', replacement = '', flags = ''] = SDP_EDIT.exec(edit) ?? [];
  return text.replace(new RegExp(pattern, flags), replacement.replaceAll('\\n', '\r\n'));
}
