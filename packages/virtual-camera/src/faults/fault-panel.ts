import type { FaultName, Faults } from '../faults.js';
import { FAULT_NAMES, NO_FAULTS } from '../faults.js';
import { checkFaultNames, checkFaults } from './check-faults.js';
import { checkFields, decimal } from './input.js';

export interface FaultReport {
  faults: Faults;
  /** When a fault that was set for a time clears by itself, as milliseconds since 1970. */
  clearsAtMs: Partial<Record<FaultName, number>>;
}

/** The switches of a camera's faults. */
export interface FaultControl {
  /** All faults, and when those that were set for a time end. */
  read(): FaultReport;
  /**
   * Sets some faults and leaves the others; with `forSec` these clear by themselves, unless set again before.
   * Resolves when they are in force; throws CameraInputError and sets nothing when one is wrong.
   */
  set(changes: Partial<Faults>, options?: { forSec?: number }): Promise<void>;
  /** Clears the named faults, or all. Resolves when the camera is well again. */
  clear(names?: readonly FaultName[]): Promise<void>;
}

interface Timer {
  handle: NodeJS.Timeout;
  clearsAtMs: number;
}

/** Holds the faults that are in force and clears those whose time is over. */
export class FaultPanel implements FaultControl {
  private readonly timers = new Map<FaultName, Timer>();

  /** `active` is the object that the servers read; `apply` makes the ports follow it. */
  constructor(
    private readonly active: Faults,
    private readonly apply: () => Promise<void>,
  ) {}

  read(): FaultReport {
    const times = [...this.timers].map(([name, { clearsAtMs }]) => [name, clearsAtMs]);
    return { faults: { ...this.active }, clearsAtMs: Object.fromEntries(times) as FaultReport['clearsAtMs'] };
  }

  async set(changes: Partial<Faults>, options: { forSec?: number } = {}): Promise<void> {
    const checked = checkFaults(changes);
    checkFields(options, { forSec: decimal(0.001, 86_400) });
    this.put(checked, options.forSec);
    await this.apply();
  }

  async clear(names: readonly FaultName[] = FAULT_NAMES): Promise<void> {
    const off = checkFaultNames(names).map((name) => [name, NO_FAULTS[name]]);
    this.put(Object.fromEntries(off) as Partial<Faults>);
    await this.apply();
  }

  /** Takes checked changes in at once, without touching the ports. */
  put(changes: Partial<Faults>, forSec?: number): void {
    const names = Object.keys(changes) as FaultName[];
    names.forEach((name) => this.forget(name));
    Object.assign(this.active, changes);
    if (forSec === undefined) return;
    for (const name of names) {
      const handle = setTimeout(() => void this.clear([name]), forSec * 1000);
      this.timers.set(name, { handle, clearsAtMs: Date.now() + forSec * 1000 });
    }
  }

  /** Ends all timers; what is in force stays. */
  stop(): void {
    [...this.timers.keys()].forEach((name) => this.forget(name));
  }

  private forget(name: FaultName): void {
    clearTimeout(this.timers.get(name)?.handle);
    this.timers.delete(name);
  }
}
