import { startVirtualCamera } from '@hindsight/virtual-camera';
import { describe, beforeAll, afterAll, it } from '@jest/globals';
import { TestService } from '../../../e2e/support/test-service.js';
import { expectCase } from './expect-case.js';
import type { FieldCase } from './field-case.js';
import { type Outcome, runCase } from './run-case.js';

/** Cameras at once: each is recorded twice, and two cores also decode what has been stored. */
const AT_ONCE = 4;
const TABLE_TIMEOUT_MS = 600_000;

type Result = Outcome | { error: unknown };

/** FIELD_CASES runs those alone whose name it matches, to look into one. */
const CHOSEN = new RegExp(process.env['FIELD_CASES'] ?? '');

/** Runs all cases on one service, several at once, and then judges each. */
export function fieldTable(name: string, all: readonly FieldCase[], env: Record<string, string> = {}): void {
  const cases = all.filter((each) => CHOSEN.test(each.name));
  describe(name, () => {
    const results = new Map<FieldCase, Result>();
    let service: TestService;

    beforeAll(async () => {
      // Pictures are encoded before anything lives in real time.
      for (const { camera } of cases) await (await startVirtualCamera(camera)).stop();
      service = await TestService.launch({ env });
      // Whatever takes longest comes first, so that nothing runs alone at the end.
      const queue = cases.toSorted((a, b) => lengthOf(b) - lengthOf(a)).values();
      const worker = async () => {
        for (const each of queue) {
          results.set(each, await runCase(service, each).catch((error: unknown) => ({ error })));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    }, TABLE_TIMEOUT_MS);

    afterAll(() => service?.close());

    it.each(cases)('$name', (each) => {
      const result = results.get(each)!;
      if ('error' in result) throw result.error;
      expectCase(result, each.expected);
    });
  });
}

function lengthOf({ warmSec = 0, eventSec = 0 }: FieldCase): number {
  return warmSec + eventSec;
}
