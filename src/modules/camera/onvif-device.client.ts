import { AppError } from '../../common/errors.js';
import { readDeviceClock } from './domain/onvif-clock.js';
import { type MediaService, readCapabilities, readServices } from './domain/onvif-services.js';
import type { OnvifConversation } from './onvif-conversation.client.js';
import type { OnvifReply } from './onvif-reply.js';

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';

/** A device that does not tell its time is asked on with ours. */
export async function readClock(conversation: OnvifConversation): Promise<void> {
  const question = { namespace: DEVICE, name: 'GetSystemDateAndTime' };
  let reply = await conversation.askDevice({ ...question, unsigned: true });
  // ONVIF lets everybody ask for the time; some makers do not.
  if (reply instanceof AppError && reply.code === 'CAMERA.WRONG_PASSWORD')
    reply = await conversation.askDevice(question);
  if (reply instanceof AppError) return;
  const deviceMs = readDeviceClock(reply.response, { nowMs: Date.now(), dateHeader: reply.date });
  if (deviceMs !== undefined) conversation.clockShiftMs = deviceMs - process.uptime() * 1_000;
}

/** GetCapabilities is older, and knows what some devices leave out of GetServices. */
export async function findMediaServices(conversation: OnvifConversation): Promise<MediaService[]> {
  const services = mustBeLetIn(
    await conversation.askDevice({
      namespace: DEVICE,
      name: 'GetServices',
      parameters: '<IncludeCapability>false</IncludeCapability>',
    }),
  );
  const found = services instanceof AppError ? [] : readServices(services.response);
  if (found.some(({ address }) => address !== null)) return found;
  const capabilities = mustBeLetIn(
    await conversation.askDevice({
      namespace: DEVICE,
      name: 'GetCapabilities',
      parameters: '<Category>All</Category>',
    }),
  );
  const known = [...(capabilities instanceof AppError ? [] : readCapabilities(capabilities.response)), ...found];
  if (known.length > 0) return known;
  if (services instanceof AppError && capabilities instanceof AppError) throw capabilities;
  const message = `The device at ${conversation.where} offers no video by ONVIF: it has no media service.`;
  throw new AppError({ code: 'CAMERA.ONVIF_FAILED', message });
}

/** Trying on with a refused password may lock the account. */
export function mustBeLetIn(reply: OnvifReply): OnvifReply {
  if (reply instanceof AppError && reply.code === 'CAMERA.WRONG_PASSWORD') throw reply;
  return reply;
}
