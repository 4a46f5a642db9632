import { createHash, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** OWASP's minimum for argon2id (the library's default algorithm): 19 MiB and two passes, about 20 ms. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Compared against when there is no such user, so that the time an answer takes does not tell who exists. */
const DUMMY_HASH = hash(randomBytes(24), COST);

/** Hashes a password with argon2id into a PHC string. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Whether `password` belongs to the PHC string; as slow, and false, when there is none. */
export async function verifyPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await DUMMY_HASH), password);
  return matches && passwordHash !== undefined;
}

/** A short name of one password hash. Tokens carry it, so that a changed password ends those given out before. */
export function passwordVersion(passwordHash: string): string {
  return createHash('sha256').update(passwordHash).digest('base64url').slice(0, 16);
}
