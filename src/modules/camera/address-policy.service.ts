import { lookup } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { isAllowed } from './domain/address-policy.js';
import { parseHost } from './domain/host.js';

/** Asks DNS for every address of a name; replaced in tests. */
export type LookupAll = (name: string) => Promise<string[]>;

const lookupAll: LookupAll = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

/** Decides where this service may connect to for a camera. */
@Injectable()
export class AddressPolicy {
  /** Resolves names; a field, so that a test can answer for DNS. */
  lookupAll: LookupAll = lookupAll;

  constructor(private readonly config: AppConfig) {}

  /**
   * Resolves `host` and checks *all* its addresses; the caller connects to the one returned, so that a second
   * DNS answer cannot lead elsewhere.
   * @returns an IP address, without brackets
   * @throws AppError `CAMERA.HOST_UNKNOWN`, `CAMERA.ADDRESS_NOT_ALLOWED`
   */
  async resolve(host: string): Promise<string> {
    const parsed = parseHost(host);
    if (!parsed) {
      const message = 'The host of the camera is neither a name nor a plain IP address.';
      throw new AppError({ code: 'CAMERA.HOST_UNKNOWN', message });
    }
    const addresses = parsed.kind === 'address' ? [parsed.address] : await this.lookup(parsed.name);
    const refused = addresses.find((address) => !isAllowed(address, this.config.cameras.allowedCidrs));
    if (refused !== undefined) {
      throw new AppError({ code: 'CAMERA.ADDRESS_NOT_ALLOWED', values: { address: refused } });
    }
    const [first] = addresses;
    if (first === undefined) throw unknownHost(parsed.kind === 'name' ? parsed.name : host);
    return first;
  }

  private async lookup(name: string): Promise<string[]> {
    const { connectTimeoutMs } = this.config.cameras;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`DNS did not answer within ${connectTimeoutMs} ms`)), connectTimeoutMs);
    });
    try {
      return await Promise.race([this.lookupAll(name), tooLong]);
    } catch (error) {
      throw unknownHost(name, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function unknownHost(name: string, cause?: unknown): Error {
  return new AppError({ code: 'CAMERA.HOST_UNKNOWN', values: { host: name }, cause });
}
