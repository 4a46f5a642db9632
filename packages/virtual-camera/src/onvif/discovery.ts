import { randomUUID } from 'node:crypto';
import type { RemoteInfo, Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { OnvifDevice } from './device.js';
import { DEVICE_PATH, deviceScopes } from './device.js';
import { escapeXml, findAction, findText } from './soap.js';

const MULTICAST_ADDRESS = '239.255.255.250';
const WS_DISCOVERY_PORT = 3702;
const DISCOVERY_NAMESPACE = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
const DEVICE_TYPES = ['NetworkVideoTransmitter', 'Device'];

/** Answers WS-Discovery probes for one camera; several may share the port. */
export class DiscoveryResponder {
  private socket: Socket | undefined;

  /** `host` is the address at which the device service listens; `0.0.0.0` stands for all interfaces. */
  constructor(
    private readonly device: OnvifDevice,
    private readonly host: string,
    private readonly onvifPort: number,
  ) {}

  async start(): Promise<void> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(WS_DISCOVERY_PORT, () => resolve());
    });
    socket.on('error', () => undefined); // A probe that cannot be answered is lost, as on any network.
    for (const address of new Set([...interfaceAddresses(), '127.0.0.1'])) {
      try {
        socket.addMembership(MULTICAST_ADDRESS, address);
      } catch {
        // An interface without multicast: probes come by the others.
      }
    }
    socket.on('message', (message, sender) => this.answer(message.toString('utf8'), sender));
    this.socket = socket;
  }

  async stop(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  private answer(probe: string, sender: RemoteInfo): void {
    const action = findAction(probe);
    if (action?.name !== 'Probe' || action.namespace !== DISCOVERY_NAMESPACE) return;
    if (!this.matches(probe)) return;
    const xml = this.probeMatches(findText(probe, 'MessageID') ?? '', sender.address);
    this.socket?.send(xml, sender.port, sender.address);
  }

  private matches(probe: string): boolean {
    const words = (name: string) => (findText(probe, name) ?? '').split(/\s+/).filter(Boolean);
    const types = words('Types').map((type) => type.replace(/^.*:/, ''));
    const own = deviceScopes(this.device);
    return (
      types.every((type) => DEVICE_TYPES.includes(type)) &&
      words('Scopes').every((scope) => own.some((each) => each.startsWith(scope)))
    );
  }

  private probeMatches(relatesTo: string, clientAddress: string): string {
    const match =
      `<a:EndpointReference><a:Address>${this.device.endpointReference}</a:Address></a:EndpointReference>` +
      `<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>` +
      `<d:Scopes>${escapeXml(deviceScopes(this.device).join(' '))}</d:Scopes>` +
      `<d:XAddrs>http://${this.addressFor(clientAddress)}:${this.onvifPort}${DEVICE_PATH}</d:XAddrs>` +
      '<d:MetadataVersion>1</d:MetadataVersion>';
    return (
      '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
      `xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="${DISCOVERY_NAMESPACE}" ` +
      'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">' +
      `<s:Header><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID><a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo>` +
      '<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>' +
      `<a:Action>${DISCOVERY_NAMESPACE}/ProbeMatches</a:Action></s:Header>` +
      `<s:Body><d:ProbeMatches><d:ProbeMatch>${match}</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`
    );
  }

  /** The device's address as the client reaches it. */
  private addressFor(clientAddress: string): string {
    if (this.host !== '0.0.0.0') return this.host;
    const own = interfaceAddresses();
    if (own.includes(clientAddress) || clientAddress.startsWith('127.')) return clientAddress;
    const network = clientAddress.slice(0, clientAddress.lastIndexOf('.') + 1);
    return own.find((address) => address.startsWith(network)) ?? own[0] ?? '127.0.0.1';
  }
}

function interfaceAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}
