import type { FrameSet } from './frame-set.js';
import type { CounterRun } from './runs.js';
import { modulo } from './runs.js';

/** A frame that was never sent is worse evidence against a placing than one that was lost. */
const UNEXPECTED_COST = 4;

interface Step {
  firstFrame: number;
  cost: number;
  from: Step | undefined;
}

/**
 * Number of each run's first frame: of all placings that fit the counters, the one that explains the object with the fewest
 * frames lost, repeated and never sent. `known` is all that was sent, `whole` what must be in the object.
 */
export function placeRuns(
  runs: readonly CounterRun[],
  sent: { known: FrameSet; whole: FrameSet },
  loopLength: number,
): number[] {
  const { known, whole } = sent;
  // Before the object comes all that was sent earlier.
  let steps: Step[] = [{ firstFrame: known.firstFrame ?? 0, cost: 0, from: undefined }];
  let length = 0;
  for (const run of runs) {
    const places = candidates(run, known, loopLength);
    const reached = reach(steps, length, places, whole);
    length = run.readable.length;
    steps = reached.map((step) => {
      const unexpected = length - known.count(step.firstFrame, step.firstFrame + length - 1);
      return { ...step, cost: step.cost + UNEXPECTED_COST * unexpected };
    });
  }
  const end = Math.max(known.lastFrame ?? 0, (steps.at(-1)?.firstFrame ?? 0) + length) + 1;
  return collect(reach(steps, length, [end], whole)[0]?.from).slice(1);
}

/**
 * The cheapest way to each place, from where the run before ends: a jump forward costs the frames left out, one back those
 * repeated. Both lists ascend, so that one pass over the steps per direction finds all.
 */
function reach(steps: readonly Step[], length: number, places: readonly number[], whole: FrameSet): Step[] {
  const reached = places.map((firstFrame): Step => ({ firstFrame, cost: Infinity, from: undefined }));
  const offer = (to: Step, from: Step | undefined, cost: number) => {
    if (cost < to.cost) Object.assign(to, { cost, from });
  };
  const endOf = (step: Step) => step.firstFrame + length;
  const forward = ascend(steps, (step) => step.cost - whole.countUpTo(endOf(step) - 1));
  for (const to of reached) {
    const best = forward((step) => endOf(step) <= to.firstFrame);
    offer(to, best.step, best.cost + whole.countUpTo(to.firstFrame - 1));
  }
  const backward = ascend([...steps].reverse(), (step) => step.cost + endOf(step));
  for (const to of [...reached].reverse()) {
    const best = backward((step) => endOf(step) > to.firstFrame);
    offer(to, best.step, best.cost - to.firstFrame);
  }
  return reached;
}

/** Goes on through the steps as long as they are allowed, and gives the cheapest of all up to there. */
function ascend(steps: readonly Step[], costOf: (step: Step) => number) {
  let next = 0;
  let best: { step: Step | undefined; cost: number } = { step: undefined, cost: Infinity };
  return (isAllowed: (step: Step) => boolean) => {
    for (let step = steps[next]; step && isAllowed(step); step = steps[++next]) {
      const cost = costOf(step);
      if (cost < best.cost) best = { step, cost };
    }
    return best;
  };
}

function collect(last: Step | undefined): number[] {
  const places: number[] = [];
  for (let step = last; step; step = step.from) places.push(step.firstFrame);
  return places.reverse();
}

/** All numbers near what was sent that the run's first frame may have. */
function candidates(run: CounterRun, known: FrameSet, loopLength: number): number[] {
  if (run.firstFrame !== undefined) return [run.firstFrame];
  const { firstFrame: first = 0, lastFrame: last = 0 } = known;
  const from = first - run.readable.length;
  const offset = modulo(run.counter - from, loopLength);
  const found: number[] = [];
  for (let frame = from + offset; frame <= last || found.length === 0; frame += loopLength) found.push(frame);
  return found;
}
