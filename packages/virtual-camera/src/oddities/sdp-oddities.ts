import type { Rule } from '../faults/input.js';
import { matching, oneOf } from '../faults/input.js';
import { listed } from './oddity.js';

export const SDP_FORMS = [
  'two-blanks',
  'tab',
  'trailing-blank',
  'lower-case',
  'lf',
  'media-only',
  'control-absolute',
  'control-none',
  'no-framerate',
] as const;

export type SdpForm = (typeof SDP_FORMS)[number];

/** A sed command: `s`, a delimiter, pattern, replacement, flags. */
export const SDP_EDIT = /^s([/|#,])((?:\\.|(?!\1)[^\\])+)\1((?:\\.|(?!\1)[^\\])*)\1([gim]*)$/;

const edit: Rule = (value) => {
  const form = matching(SDP_EDIT, 's/PATTERN/REPLACEMENT/FLAGS')(value);
  if (form !== undefined || typeof value !== 'string') return form;
  const [, , pattern = '', , flags] = SDP_EDIT.exec(value) ?? [];
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch {
    return 'must have a pattern that JavaScript can read';
  }
};

/** How the session description is written. */
export const SDP_ODDITIES = {
  sdpForm: listed(
    oneOf(...SDP_FORMS),
    SDP_FORMS.join('|'),
    'rtpmap with two blanks, a tab, a blank at the end, in lower case; LF alone; nothing before m=; control URLs in full or none',
    { separator: ',' },
  ),
  sdpEdits: listed(
    edit,
    's/PATTERN/REPLACEMENT/FLAGS',
    'replaces in the SDP, as sed does (JavaScript pattern; \\n in the replacement ends a line); may be given again',
  ),
} as const;
