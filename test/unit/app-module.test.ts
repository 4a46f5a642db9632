import { describe, expect, it } from '@jest/globals';
import { AppModule } from '../../src/app.module.js';
import { createLogger } from '../../src/common/logging.js';
import { loadConfig, ROLES } from '../../src/config/app-config.js';
import { describeModule } from '../../src/openapi.js';

describe('AppModule', () => {
  it.each(ROLES)('has everything that its parts need in the role %s', async (role) => {
    const { paths } = await describeModule(AppModule.of(loadConfig({ ROLE: role }), createLogger('silent')));
    expect(Object.keys(paths)).toContain('/health/ready');
  });
});
