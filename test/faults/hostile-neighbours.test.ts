import type { CameraResponse } from '@hindsight/client';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../e2e/support/test-service.js';
import { floodLogins } from '../support/logins.js';
import { startHostileCamera } from './support/hostile-camera.js';
import { Cast, expectAccounted, gapsOf, hears, type Story, tell } from './support/story.js';

const ANSWER_TIMEOUT_MS = 20_000;
/** What is heard of the camera while the neighbour does its worst. */
const DISTURBED_SEC = 6;

type Disturbance = (service: TestService) => Promise<{ end(): Promise<void> }>;

const quiet: Disturbance = () => Promise.resolve({ end: () => Promise.resolve() });

/** Warm: the service asks it again and again. */
const hostileCamera: Disturbance = async (service) => {
  const hostile = await startHostileCamera();
  const body = { name: 'Hostile', rtspUrl: hostile.rtspUrl, preRollSec: 5 };
  const { id } = await service.call<CameraResponse>('POST', '/cameras', { body });
  await service.waitFor(() => (hostile.conversations() >= 2 ? true : undefined), 60_000);
  return {
    end: async () => {
      await service.call('DELETE', `/cameras/${id}`);
      await hostile.stop();
    },
  };
};

const loginFlood: Disturbance = (service) => {
  const flood = floodLogins(service.baseUrl, { logins: 1_000, addresses: 100 });
  return Promise.resolve({
    end: async () => {
      const codes = new Set((await flood).map(({ status, code }) => `${status} ${code}`));
      expect([...codes].filter((code) => !/AUTH\.(BUSY|WRONG_CREDENTIALS)$/.test(code))).toEqual([]);
      await service.login();
      expect(service.accessToken).not.toBe('');
    },
  });
};

describe('a healthy camera beside somebody hostile', () => {
  const cast = new Cast();
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.launch({ env: { LOGINS_PER_MINUTE: '10' } });
  }, 60_000);
  afterAll(async () => {
    await cast.leave();
    await service?.close();
  }, 60_000);

  /** One event during which the API is asked without a pause. */
  async function phase(disturb: Disturbance): Promise<Story> {
    const disturbed = async (camera: VirtualCamera) => {
      let asking = true;
      const asked = keepAsking(service, () => asking);
      const neighbour = await disturb(service);
      await hears(camera, DISTURBED_SEC);
      await neighbour.end();
      asking = false;
      await asked;
    };
    return tell(service, await cast.camera(), { disturb: disturbed });
  }

  it.each([
    ['a camera that drips a head of 27,000 lines', hostileCamera],
    ['1,000 logins from 100 addresses', loginFlood],
  ])(
    'loses nothing to %s',
    async (_who, hostile) => {
      for (const disturbance of [quiet, hostile, quiet, hostile]) {
        const story = await phase(disturbance);
        expectAccounted(story);
        expect(gapsOf(story)).toEqual([]);
        expect(story.judgement.lost.filter(({ opening }) => !opening)).toEqual([]);
      }
    },
    300_000,
  );
});

/** Throws when an answer does not come, or says anything but what was asked for. */
async function keepAsking(service: TestService, goOn: () => boolean): Promise<void> {
  while (goOn()) {
    const response = await fetch(`${service.baseUrl}/cameras`, {
      headers: { Authorization: `Bearer ${service.accessToken}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if (response.status !== 200) throw new Error(`GET /cameras answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }
}
