/** A segment is shorter than its index says: what is there can be read, and trying again does not bring the rest. */
export class TornFootage extends Error {
  override readonly name = 'TornFootage';

  constructor(segment: string) {
    super(`segment ${segment} ends inside a fragment`);
  }
}
