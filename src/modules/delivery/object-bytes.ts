import type { ObjectPlan } from '../../mp4/hybrid/object-layout.js';
import { FragmentFiles } from './stream-bytes.store.js';
import type { BuiltObject } from './object-builder.js';

/**
 * The bytes [from, to) of a planned object, of which none may be in the store alone. What no piece says is zero.
 * @throws when footage cannot be read any more
 */
export async function readObject({ plan, fragments }: BuiltObject, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from);
  const files = new FragmentFiles();
  let at = 0;
  try {
    for (const piece of plan.pieces) {
      const sizeBytes = sizeOf(piece);
      const [start, end] = [Math.max(from, at), Math.min(to, at + sizeBytes)];
      if (start < end) {
        const into = bytes.subarray(start - from, end - from);
        if (piece.kind === 'bytes') piece.bytes.copy(into, 0, start - at, end - at);
        else if (piece.kind === 'sent') throw new Error('these bytes are in the store alone');
        else {
          const { capture, fragment } = fragments[piece.index]!;
          await files.read(capture, fragment, piece.from + start - at, into);
        }
      }
      at += sizeBytes;
    }
    return bytes;
  } finally {
    await files.close();
  }
}

function sizeOf(piece: ObjectPlan['pieces'][number]): number {
  switch (piece.kind) {
    case 'bytes':
      return piece.bytes.length;
    case 'sent':
      return piece.sizeBytes;
    case 'fragment':
      return piece.to - piece.from;
  }
}
