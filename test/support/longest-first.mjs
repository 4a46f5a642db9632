import Sequencer from '@jest/test-sequencer';
import { secondsOf } from './lanes/file-times.mjs';

/** Many cameras at once, and FFmpeg beside each: nothing waits for them that could run beside others. */
const CROWDED = '/test/faults/field/';

/** What takes longest begins first: what begins last decides when a run ends. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) => (path.includes(CROWDED) ? 1 : -secondsOf(path));
    return super.sort([...tests]).sort((a, b) => rankOf(a) - rankOf(b));
  }
}
