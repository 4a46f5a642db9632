import { describe, expect, it } from '@jest/globals';
import { knownVariables } from '../../../src/config/app-config.js';
import { findUnknownVariables } from '../../../src/config/unknown-variables.js';

const namesIn = (...names: string[]) =>
  findUnknownVariables(Object.fromEntries(names.map((name) => [name, 'x'])), knownVariables()).map(({ name }) => name);

describe('findUnknownVariables', () => {
  it('knows a name by the first word of any name that is read', () => {
    const unknown = [
      'ADMIN_PASS',
      'FFMPEG_LOG',
      'JWT_KEY',
      'MAX_RECORDINGS',
      'RECORDDIR',
      'UPLOAD_PARTS',
      'r2_endpoint',
    ];
    expect(namesIn(...unknown)).toEqual(unknown);
    for (const known of knownVariables()) {
      if (known.includes('_')) expect(namesIn(`${known.split('_')[0]}_NO_SUCH_THING`)).toHaveLength(1);
    }
  });

  it('finds names that are misspelt in their first word', () => {
    const meant = (name: string) => findUnknownVariables({ [name]: 'x' }, knownVariables())[0]?.meant;
    expect(meant('STORGE_MODE')).toBe('STORAGE_MODE');
    expect(meant('DATABASEURL')).toBe('DATABASE_URL');
    expect(meant('credentials_key')).toBe('CREDENTIALS_KEY');
    expect(meant('FFMPEG_NICE')).toBeNull();
  });

  it('leaves everything else alone', () => {
    expect(
      namesIn('PATH', 'HOME', 'HOSTNAME', 'LOGNAME', 'PORTAGE', 'TZ', 'NODE_ENV', 'npm_config_cache', 'PGPASSWORD'),
    ).toEqual([]);
    expect(namesIn(...knownVariables())).toEqual([]);
  });

  it('leaves what Kubernetes sets for a Service of such a name, and nothing that only looks so', () => {
    const links = ['DATABASE_SERVICE_HOST', 'DATABASE_SERVICE_PORT', 'DATABASE_PORT', 'DATABASE_PORT_5432_TCP_ADDR'];
    expect(namesIn(...links)).toEqual([]);
    expect(namesIn('DATABASE_PORT')).toEqual(['DATABASE_PORT']);
  });
});
