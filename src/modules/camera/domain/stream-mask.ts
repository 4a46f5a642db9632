import { Redactor } from '../../../common/redaction.js';
import type { StreamLocation } from './stream-location.js';
import { inlineSecrets, maskUrlsIn } from './stream-url.js';

/**
 * Masks the secrets of one camera's stream, in texts that this camera or a program talking to it has said, and in no other: a value that a
 * device chooses must not blank lines about anything else, and no device may learn whether a text is the secret of another one.
 * Addresses lose their user info whatever it is; values of less than three characters are found in addresses alone.
 */
export function maskFor({ url, username, password }: Pick<StreamLocation, 'url' | 'username' | 'password'>) {
  const redactor = new Redactor();
  redactor.add(password, username);
  inlineSecrets(url).forEach((secret) => redactor.add(secret));
  return (text: string): string => redactor.redact(maskUrlsIn(text));
}
