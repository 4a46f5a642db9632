import Sequencer from '@jest/test-sequencer';

/** Tests that wait in real time take longest, and what begins last decides when a run ends. */
const FOLDERS = ['faults', 'medium/recording', 'e2e', 'medium/virtual-camera', 'contract', 'medium', 'unit'];

/** Many cameras at once, and FFmpeg beside each: what measures milliseconds must not run beside it, so it comes last. */
const CROWDED = '/test/faults/field/';

/** The order of a run: by folder, and within one by what Jest knows (the duration of an earlier run, else the size of the file). */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) =>
      path.includes(CROWDED) ? FOLDERS.length : FOLDERS.findIndex((folder) => path.includes(`/test/${folder}/`));
    return super.sort([...tests]).sort((a, b) => rankOf(a) - rankOf(b));
  }
}
