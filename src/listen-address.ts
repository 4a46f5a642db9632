import { once } from 'node:events';
import { createServer } from 'node:net';
import { sentenceOf } from './common/error-catalogue.js';
import { AppError, messageOf } from './common/errors.js';

/** Where the service listens. */
export interface ListenAddress {
  port: number;
  host: string;
}

/**
 * Sees whether somebody could listen there now. It comes before anything else is started, so that a service that nobody could reach
 * takes no camera.
 * @throws AppError `CONFIG.PORT_UNUSABLE`
 */
export async function requireFreePort(address: ListenAddress): Promise<void> {
  const server = createServer();
  try {
    server.listen(address.port, address.host);
    await once(server, 'listening');
  } catch (error) {
    throw translateListenError(error, address);
  } finally {
    server.close();
  }
}

/** An error of `listen` as one sentence for the operator. */
export function translateListenError(error: unknown, { port, host }: ListenAddress): AppError {
  const { code } = error as NodeJS.ErrnoException;
  return new AppError({ code: 'CONFIG.PORT_UNUSABLE', message: sentence(), cause: error });

  function sentence(): string {
    if (code === 'EADDRINUSE') {
      return `PORT ${port} of HOST ${host} is in use by another program: end that one, or set PORT to another port.`;
    }
    if (code === 'EACCES') return `PORT ${port} may not be used by this user: set PORT to one above 1023.`;
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      return `HOST ${host} is no address of this machine: 0.0.0.0 stands for all of them.`;
    }
    return sentenceOf({ code: 'CONFIG.PORT_UNUSABLE', values: { port, host, reason: messageOf(error) } });
  }
}
