import { describe, expect, it } from '@jest/globals';
import { parseCommand } from '../../src/command-line.js';

describe('parseCommand', () => {
  it('starts the service only without arguments', () => {
    expect(parseCommand([])).toEqual({ kind: 'start' });
    expect(parseCommand(['--version'])).toEqual({ kind: 'version' });
    expect(parseCommand(['-v'])).toEqual({ kind: 'version' });
    expect(parseCommand(['--anything', '--help'])).toEqual({ kind: 'help' });
  });

  it.each([['--port'], ['--port=3000'], ['start'], ['-x'], ['--version', '--port'], ['']])('refuses %j', (...args) => {
    expect(parseCommand(args)).toMatchObject({ kind: 'refused' });
  });

  it('names an option, and never what may be a password', () => {
    const told = ['--database-url=postgresql://u:hidden-word@h/d', 'postgresql://u:hidden-word@h/d', 'hidden-word'].map(
      (argument) => JSON.stringify(parseCommand([argument])),
    );
    expect(told[0]).toContain('--database-url');
    expect(told.join('')).not.toContain('hidden-word');
  });
});
