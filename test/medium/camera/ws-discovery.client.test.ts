import { createSocket } from 'node:dgram';
import { describe, expect, it } from '@jest/globals';
import { WsDiscoveryClient } from '../../../src/modules/camera/ws-discovery.client.js';

const match = (host: string) =>
  `<Envelope><Body><d:ProbeMatches><d:ProbeMatch><d:Scopes>onvif://www.onvif.org/name/Cam</d:Scopes><d:XAddrs>http://${host}/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></Body></Envelope>`;

async function answering(answers: Buffer[], act: (port: number, probes: string[]) => Promise<void>): Promise<void> {
  const probes: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, sender) => {
    probes.push(message.toString('utf8'));
    answers.forEach((answer) => socket.send(answer, sender.port, sender.address));
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  try {
    await act(socket.address().port, probes);
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
}

describe('WsDiscoveryClient', () => {
  const client = new WsDiscoveryClient();

  it('collects each device once and ignores noise', async () => {
    const noise = [
      Buffer.alloc(0),
      Buffer.from('hello'),
      Buffer.from([0xff, 0xfe, 0]),
      Buffer.from(`<ProbeMatch>${'xmlns'.repeat(10_000)}`),
    ];
    const devices = [match('192.168.1.10'), match('192.168.1.11:8080'), match('192.168.1.10')].map((xml) =>
      Buffer.from(xml),
    );
    await answering([...noise, ...devices], async (port, probes) => {
      const found = await client.discover({ timeoutMs: 700, destination: { address: '127.0.0.1', port } });
      expect(found.map(({ host, port: devicePort }) => `${host}:${devicePort}`).sort()).toEqual([
        '192.168.1.10:80',
        '192.168.1.11:8080',
      ]);
      expect(found[0]).toMatchObject({ name: 'Cam', hardware: null });
      expect(probes.length).toBeGreaterThanOrEqual(2);
      expect(probes[0]).toContain('NetworkVideoTransmitter');
    });
  });

  it('gives an empty list when nobody answers', async () => {
    await answering([], async (port) => {
      expect(await client.discover({ timeoutMs: 400, destination: { address: '127.0.0.1', port } })).toEqual([]);
    });
  });

  it('says so when the question cannot be sent', async () => {
    const broken = client.discover({ timeoutMs: 400, destination: { address: '255.255.255.255', port: 3702 } });
    await expect(broken).rejects.toEqual(expect.objectContaining({ code: 'CAMERA.DISCOVERY_FAILED' }));
  });
});
