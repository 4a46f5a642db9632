/**
 * What every program may need to run at all: where programs lie, which language and time zone its messages have, and where the libraries of
 * a build outside the system's folders lie (`FFMPEG_PATH` may name one). Windows opens no socket without SystemRoot. None of them holds a
 * secret. Neither FFmpeg, ffprobe nor PostgreSQL needs a home or a folder for temporary files.
 */
const NEEDED = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'SystemRoot'];

/** Names more variables that children get, comma-separated: hardware drivers are told by variables of their own. */
export const CHILD_ENV_VARIABLE = 'CHILD_ENV';

/** Variables that no child may get: each is a secret, or holds one. */
export const SECRET_VARIABLES: readonly string[] = [
  'ADMIN_PASSWORD',
  'JWT_SECRET',
  'CREDENTIALS_KEY',
  'DATABASE_URL',
  'R2_ACCESS_KEY_ID',
  'R2_SECRET_ACCESS_KEY',
];

/**
 * The environment of a program that this process starts. A camera decides what FFmpeg reads, so FFmpeg must not stand beside the secrets
 * that this process got: the environment is empty but for what is named here.
 * @param env ours
 * @param extra for this child alone
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const asked = (env[CHILD_ENV_VARIABLE] ?? '').split(',').map((name) => name.trim());
  const names = [...NEEDED, ...asked].filter((name) => !SECRET_VARIABLES.includes(name));
  const found = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return { ...Object.fromEntries(found), ...extra };
}
