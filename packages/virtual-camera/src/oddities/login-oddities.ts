import { chosen, written } from './oddity.js';

const fixed = { fixed: true };

/** How the camera asks for a login. */
export const LOGIN_ODDITIES = {
  loginFrom: chosen(['setup', 'play'], 'no login is asked for before this request'),
  realm: written(/^[^\r\n]*$/, 'TEXT', 'realm of Basic and Digest, over RTSP and ONVIF', fixed),
  realmCharset: chosen(['latin-1'], 'how letters beyond ASCII in the realm are sent (usually UTF-8)', fixed),
  digests: chosen(
    ['md5', 'sha-256', 'md5,sha-256', 'sha-256,md5'],
    'algorithms that Digest names and takes, in this order',
    fixed,
  ),
  digestQop: chosen(['auth', 'auth,auth-int', 'auth-int,auth'], 'qop that Digest names', fixed),
} as const;
