import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Playback } from '../../../src/schema/playback.entity.js';
import { findBrowserForTests } from '../../support/browser.js';
import { WatchedPage } from '../../support/browser-watch.js';
import { type StreamRig, startStreamRig } from './stream-rig.js';

const browser = findBrowserForTests();

(browser ? describe : describe.skip)('the watch page', () => {
  let rig: StreamRig;
  let watched: WatchedPage | undefined;

  beforeAll(async () => {
    rig = await startStreamRig();
  });
  afterEach(async () => {
    await watched?.close();
    watched = undefined;
  });
  afterAll(() => rig.close());

  async function queryOf(id: string): Promise<string> {
    const { json } = await rig.call('GET', `/playbacks/${id}/stream-url`, { token: rig.tokens.VIEWER });
    return new URL(json['watchUrl'] as string).search;
  }

  /** Opens the page and waits until it says that. */
  async function expectText(id: string, text: string | RegExp, query?: string): Promise<WatchedPage> {
    watched = await WatchedPage.open(`${rig.url}/playbacks/${id}/watch${query ?? (await queryOf(id))}`);
    await watched.page.locator('main').getByText(text).first().waitFor({ timeout: 20_000 });
    return watched;
  }

  it.each<[string, Partial<Playback>, string | RegExp]>([
    ['what it waits for', { recordingStatus: 'PENDING' }, 'Waiting for the camera’s first picture'],
    ['that the picture comes in a moment', { recordingStatus: 'RECORDING' }, 'the picture comes in a moment'],
    [
      'why it failed',
      { recordingStatus: 'FAILED', failureMessage: 'The camera did not answer.' },
      'The camera did not answer.',
    ],
    [
      'that the pictures are elsewhere',
      { nodeId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', footageNodes: ['6f9619ff-8b86-4d01-b42d-00cf4fc964ff'] },
      /whose disk cannot be read from here/,
    ],
  ])('says %s', async (_what, fields, text) => {
    const { id } = await rig.insertRecording(fields);
    const { page, complaints } = await expectText(id, text);
    expect(await page.innerText('h1')).toBe('yard');
    expect(await page.isVisible('#login')).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('goes from waiting to pictures by itself', async () => {
    const { id } = await rig.insertRecording({ recordingStatus: 'PENDING' });
    const page = await expectText(id, 'Waiting for the camera’s first picture');
    const capture = await rig.beginCapture();
    await capture.append(Infinity);
    await capture.end();
    await rig.change(id, { recordingStatus: 'PROCESSING', rangeEndAt: new Date() });
    await page.until(({ frames, currentSec }) => frames > 0 && currentSec > 0.5);
    expect(page.complaints).toEqual([]);
  });

  it('asks for a login when its link is none, or has expired', async () => {
    const { id } = await rig.insertRecording({ recordingStatus: 'PENDING' });
    await expectText(id, 'Sign in to watch', '');
    await watched!.close();
    await expectText(id, 'Sign in to watch', '?expires=1&signature=AAAA');
    await watched!.close();
    await expectText(id, 'Sign in to watch', `?expires=${Math.round(Date.now() / 1_000) + 600}&signature=AAAA`);
  });
});
