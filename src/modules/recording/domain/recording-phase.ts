/**
 * Where a running recording stands. `follows`: its range goes on, or its end is still on its way. `passed`: footage from behind its end has
 * come, so nothing more of its range will. `released`: its demand on the camera was given back, and what the camera still holds may come.
 * `over`: both. `abandoned`: the row is gone, finished or another recorder's; there is nothing to do any more.
 */
export type RecordingPhase = 'follows' | 'passed' | 'released' | 'over' | 'abandoned';

/**
 * What moves it. `pass`: a fragment from behind the range's end has come. `goOn`: one of its own has, or the end was moved. `release`: the camera is not
 * needed any more. `demand`: it is, since another event has joined. `abandon`: see above.
 */
export type PhaseEvent = 'pass' | 'goOn' | 'release' | 'demand' | 'abandon';

/** What is not in the table cannot happen. */
const TRANSITIONS: Record<RecordingPhase, Partial<Record<PhaseEvent, RecordingPhase>>> = {
  follows: { pass: 'passed', goOn: 'follows', release: 'released', demand: 'follows', abandon: 'abandoned' },
  passed: { pass: 'passed', goOn: 'follows', release: 'over', demand: 'passed', abandon: 'abandoned' },
  released: { pass: 'over', goOn: 'released', demand: 'follows', abandon: 'abandoned' },
  over: { pass: 'over', goOn: 'released', demand: 'passed', abandon: 'abandoned' },
  // What the camera gives until its demand is given back changes nothing any more.
  abandoned: { pass: 'abandoned', goOn: 'abandoned', demand: 'abandoned', abandon: 'abandoned' },
};

/** @throws Error when that cannot happen there: a fault of ours */
export function nextPhase(phase: RecordingPhase, event: PhaseEvent): RecordingPhase {
  const next = TRANSITIONS[phase][event];
  if (!next) throw new Error(`a recording that is "${phase}" was asked to "${event}"`);
  return next;
}
