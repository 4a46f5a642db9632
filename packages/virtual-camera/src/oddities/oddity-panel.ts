import { CameraInputError } from '../faults/input.js';
import { checkOddities } from './check-oddities.js';
import type { Oddities, OddityName } from './oddities.js';
import { NO_ODDITIES, ODDITIES, ODDITY_NAMES } from './oddities.js';

/** The switches of a camera's oddities. */
export interface OddityControl {
  read(): Oddities;
  /** Changes some and leaves the others; throws CameraInputError and changes nothing when one is wrong, or fixed. */
  set(changes: Partial<Oddities>): void;
  /** Makes the camera a usual one again, but for what is fixed. */
  clear(): void;
}

/** The camera's oddities while it runs: most may be changed, and hold from the next request or session on. */
export class OddityPanel implements OddityControl {
  /** `active` is the object that the servers read. */
  constructor(private readonly active: Oddities) {}

  read(): Oddities {
    return { ...this.active };
  }

  set(changes: Partial<Oddities>): void {
    const checked = checkOddities(changes);
    const fixed = (Object.keys(checked) as OddityName[]).filter((name) => ODDITIES[name].fixed);
    if (fixed.length > 0) throw new CameraInputError([`${fixed.join(', ')} can be set only when the camera starts`]);
    Object.assign(this.active, checked);
  }

  clear(): void {
    const loose = ODDITY_NAMES.filter((name) => !ODDITIES[name].fixed);
    Object.assign(this.active, Object.fromEntries(loose.map((name) => [name, NO_ODDITIES[name]])));
  }
}
