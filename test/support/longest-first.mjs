import Sequencer from '@jest/test-sequencer';
import { asksForRoom, isCrowded, secondsOf } from './lanes/file-times.mjs';

/**
 * Unit and contract tests come first: they ask for no room, and would take it from tests that measure what happens in real time. Then what takes
 * longest: what begins last decides when a run ends. What must run alone comes last: nothing waits for it that could run beside others.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) => (isCrowded(path) ? 1 : asksForRoom(path) ? -secondsOf(path) : -Infinity);
    return super.sort([...tests]).sort((a, b) => (rankOf(a) === rankOf(b) ? 0 : rankOf(a) - rankOf(b)));
  }
}
