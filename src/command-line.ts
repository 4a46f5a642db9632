export const HELP = `Usage: node dist/main.js [--help | --version]   (npm start does the same)

Starts Hindsight, the event-triggered camera recording service. It takes no other arguments: its settings are
environment variables, completed by .env in the working folder; .env.example has all of them with their defaults.
Without any setting it runs a PostgreSQL of its own, keeps everything in ./data and listens on port 3000.

  -h, --help      this text
  -v, --version   the version

SIGTERM, SIGINT (Ctrl-C) and SIGHUP drain and end it.
`;

/** What the arguments ask for; `refused` names what is not known. */
export type Command = { kind: 'start' | 'help' | 'version' } | { kind: 'refused'; message: string };

/** Reads the arguments behind the program's name. Anything unknown is refused, since a service that starts by mistake takes cameras. */
export function parseCommand(args: readonly string[]): Command {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return { kind: 'help' };
  const unknown = args.find((arg) => arg !== '--version' && arg !== '-v');
  if (unknown !== undefined) return { kind: 'refused', message: refusalOf(unknown) };
  return { kind: args.length > 0 ? 'version' : 'start' };
}

/** Names an option and never its value, nor anything else that was typed: it may hold a password. */
function refusalOf(argument: string): string {
  const option = /^--?[A-Za-z][A-Za-z-]*(?=$|=)/.exec(argument)?.[0];
  const what = option === undefined ? 'an argument was given' : `there is no option ${option}`;
  return `Nothing was started: ${what}, and settings come from environment variables and .env (see --help).`;
}
