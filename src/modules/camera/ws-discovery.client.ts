import { createSocket, type Socket } from 'node:dgram';
import { randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { Injectable } from '@nestjs/common';
import { AppError, messageOf } from '../../common/errors.js';
import { ANSWER_LIMITS } from './domain/answer-limits.js';
import { buildProbe, type FoundDevice, parseProbeMatch } from './domain/ws-discovery.js';

/** https://docs.oasis-open.org/ws-dd/discovery/1.1/os/wsdd-discovery-1.1-spec-os.html, section 3.1.1 */
const MULTICAST = { address: '239.255.255.250', port: 3702 };
/** UDP gets lost: every question is asked twice. */
const ASK_AGAIN_MS = 300;
const MAX_DEVICES = 512;

export interface DiscoverOptions {
  timeoutMs: number;
  /** Where the question goes; another place only in tests. */
  destination?: { address: string; port: number };
}

/**
 * Finds ONVIF devices by WS-Discovery, on every network of this machine. Written here, because the `onvif` package asks on one
 * network only, and its reader takes quadratic time on a hostile datagram, which anybody on the network may send.
 */
@Injectable()
export class WsDiscoveryClient {
  /**
   * Collects answers for `timeoutMs`; what a device says of itself is unchecked.
   * @throws AppError `CAMERA.DISCOVERY_FAILED` when the question could not be sent on any network
   */
  async discover({ timeoutMs, destination = MULTICAST }: DiscoverOptions): Promise<FoundDevice[]> {
    const found = new Map<string, FoundDevice>();
    const probe = Buffer.from(buildProbe(randomUUID()), 'utf8');
    const asked = await Promise.allSettled(
      localAddresses().map((local) => ask(local, probe, destination, timeoutMs, found)),
    );
    const failed = asked.filter((result) => result.status === 'rejected');
    if (failed.length === asked.length) {
      const cause: unknown = failed[0]?.reason;
      throw new AppError({ code: 'CAMERA.DISCOVERY_FAILED', values: { reason: messageOf(cause) }, cause });
    }
    return [...found.values()];
  }
}

/** On Linux and macOS the address a socket is bound to decides which network a multicast goes to; undefined is the default one. */
function localAddresses(): (string | undefined)[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [
    undefined,
    ...all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  ];
}

function ask(
  local: string | undefined,
  probe: Buffer,
  to: { address: string; port: number },
  timeoutMs: number,
  found: Map<string, FoundDevice>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
    const timers: NodeJS.Timeout[] = [];
    let finished = false;
    let answers = 0;
    const finish = (error?: Error | null) => {
      if (finished) return;
      finished = true;
      timers.forEach((timer) => clearTimeout(timer));
      socket.close();
      if (error) reject(error);
      else resolve();
    };
    const send = () => socket.send(probe, to.port, to.address, (error) => error && finish(error));
    socket.on('error', (error) => finish(error));
    socket.on('message', (message, sender) => {
      answers += 1;
      if (answers > ANSWER_LIMITS.discoveryAnswers || message.length > ANSWER_LIMITS.discoveryBytes) return;
      const device = parseProbeMatch(message.toString('utf8'), sender.address);
      if (device && found.size < MAX_DEVICES) found.set(`${device.host}:${device.port}`, device);
    });
    socket.bind(0, local, () => {
      timers.push(setTimeout(send, ASK_AGAIN_MS), setTimeout(finish, timeoutMs));
      send();
    });
  });
}
