import { request } from 'node:http';
import { setImmediate } from 'node:timers/promises';

export interface LoginAnswer {
  status: number;
  code: string | undefined;
  retryAfter: string | undefined;
}

export interface Flood {
  logins: number;
  addresses: number;
}

/**
 * Sends wrong logins at once from many addresses of this machine.
 * @returns what the service answered; the kernel may refuse some before the service hears of them, which are left out
 */
export async function floodLogins(baseUrl: string, { logins, addresses }: Flood): Promise<LoginAnswer[]> {
  const answers: Promise<LoginAnswer | null>[] = [];
  for (let i = 0; i < logins; i += 1) {
    answers.push(loginFrom(baseUrl, `127.0.1.${1 + (i % addresses)}`));
    // The server may be in this process: it must get to accept them.
    if (i % 100 === 99) await setImmediate();
  }
  return (await Promise.all(answers)).filter((answer) => answer !== null);
}

function loginFrom(baseUrl: string, localAddress: string): Promise<LoginAnswer | null> {
  const body = JSON.stringify({ username: 'admin', password: 'guess' });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const options = { method: 'POST', localAddress, headers, agent: false } as const;
  return new Promise((resolve) => {
    const outgoing = request(`${baseUrl}/auth/login`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', () => resolve(null));
      response.on('end', () => {
        const { code } = JSON.parse(text) as { code?: string };
        resolve({ status: response.statusCode ?? 0, code, retryAfter: response.headers['retry-after'] });
      });
    });
    outgoing.on('error', () => resolve(null));
    outgoing.end(body);
  });
}
