import { describe, expect, it } from '@jest/globals';
import { hashPassword, passwordVersion, verifyPassword } from '../../../src/modules/auth/password.hasher.js';

describe('password hasher', () => {
  it('makes argon2id hashes with a salt of their own', async () => {
    const [one, two] = await Promise.all([hashPassword('secret-one'), hashPassword('secret-one')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
  });

  it('knows the right password from a wrong one', async () => {
    const hash = await hashPassword('pässwörd "1"');
    expect(await verifyPassword(hash, 'pässwörd "1"')).toBe(true);
    expect(await verifyPassword(hash, 'pässwörd "2"')).toBe(false);
  });

  it('works as long when there is no user, and says no', async () => {
    const hash = await hashPassword('x'.repeat(12));
    const timed = async (of: string | undefined) => {
      const startedAtMs = performance.now();
      for (let i = 0; i < 5; i++) expect(await verifyPassword(of, 'wrong')).toBe(false);
      return performance.now() - startedAtMs;
    };
    await timed(undefined);
    const [known, unknown] = [await timed(hash), await timed(undefined)];
    expect(unknown).toBeGreaterThan(known / 10);
  });

  it('names a hash so that a new password has a new name', async () => {
    const hash = await hashPassword('same');
    expect(passwordVersion(hash)).toBe(passwordVersion(hash));
    expect(passwordVersion(hash)).not.toBe(passwordVersion(await hashPassword('same')));
    expect(hash).not.toContain(passwordVersion(hash));
  });
});
