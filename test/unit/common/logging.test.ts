import { describe, expect, it } from '@jest/globals';
import { createLogger, type LogLevel } from '../../../src/common/logging.js';
import { redactor } from '../../../src/common/redaction.js';

function captured(level: LogLevel = 'info') {
  const lines: string[] = [];
  return {
    logger: createLogger(level, (line) => lines.push(line)),
    lines,
    last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown>,
  };
}

describe('AppLogger', () => {
  it('writes one JSON line per message with its fields', () => {
    const { logger, lines, last } = captured();
    logger.info('camera added', { cameraId: 'c1' });
    expect(last()).toMatchObject({ msg: 'camera added', cameraId: 'c1', level: 30 });
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
  });

  it('understands the way in which NestJS calls it', () => {
    const { logger, last } = captured();
    logger.log('started', 'NestFactory');
    expect(last()).toMatchObject({ msg: 'started', context: 'NestFactory' });
    logger.error('boom', 'Error: boom\n    at x', 'Router');
    expect(last()).toMatchObject({ msg: 'boom', stack: 'Error: boom\n    at x', context: 'Router' });
  });

  it('keeps message and stack of an error', () => {
    const { logger, last } = captured();
    logger.error('failed', { err: new Error('inner') });
    expect(last().err).toMatchObject({ message: 'inner', stack: expect.stringContaining('logging.test') });
  });

  it('adds the fields of its parents', () => {
    const { logger, last } = captured();
    logger.child({ node: 'n1' }).warn('x', { a: 1 });
    expect(last()).toMatchObject({ node: 'n1', a: 1, level: 40 });
  });

  it('is quiet below its level', () => {
    const { logger, lines } = captured('warn');
    logger.info('no');
    logger.debug('no');
    logger.warn('yes');
    expect(lines).toHaveLength(1);
  });

  it('masks secrets in messages, fields, nested fields and errors', () => {
    const secret = 'log"ging\\secret-1';
    redactor.add(secret);
    const { logger, lines } = captured();
    logger.info(`text ${secret}`, { deep: { url: `rtsp://u:${encodeURIComponent(secret)}@cam/` } });
    logger.error('failed', { err: new Error(`401 for ${secret}`) });
    for (const line of lines) {
      expect(line).not.toContain('secret-1');
      expect(JSON.parse(line)).toBeDefined();
    }
  });
});

describe('AppLogger, whatever a secret looks like', () => {
  it.each(['":"', '127.0.0.1', '1234567', 'level', 'camera', '},{', '\\u0000'])('%j', (secret) => {
    redactor.add(secret);
    const { logger, last } = captured();
    logger.info(`it is ${secret}.`, { pid: 1_234_567, level2: 'a', camera: { address: secret, list: [secret] } });
    expect(last()).toMatchObject({ msg: 'it is ***.', pid: 1_234_567, camera: { address: '***', list: ['***'] } });
  });
});
