import Sequencer from '@jest/test-sequencer';
import { isCrowded, secondsOf } from './lanes/file-times.mjs';

/**
 * What takes longest begins first: what begins last decides when a run ends. What must run alone comes last: nothing waits for it that could
 * run beside others, and unit tests, which ask for no room, are over by then.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) => (isCrowded(path) ? 1 : -secondsOf(path));
    return super.sort([...tests]).sort((a, b) => rankOf(a) - rankOf(b));
  }
}
