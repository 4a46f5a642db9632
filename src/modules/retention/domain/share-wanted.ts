import { KEPT_KINDS, type KeptKind } from '../../../schema/kept-kind.js';
import type { KeptItem } from './plan-victims.js';

/** What could go of some camera. */
export interface Candidate extends Pick<KeptItem, 'startMs' | 'sizeBytes'> {
  cameraId: string;
  kind: KeptKind;
}

/** How many bytes each camera must give so that the oldest of all cameras go first, kind by kind: at least `bytes` where there are so many. */
export function shareWanted(candidates: readonly Candidate[], bytes: number): Map<string, number> {
  const rank = ({ kind }: Candidate) => KEPT_KINDS.indexOf(kind);
  const inOrder = [...candidates].sort((a, b) => rank(a) - rank(b) || a.startMs - b.startMs);
  const shares = new Map<string, number>();
  let missing = bytes;
  for (const { cameraId, sizeBytes } of inOrder) {
    if (missing <= 0) break;
    shares.set(cameraId, (shares.get(cameraId) ?? 0) + sizeBytes);
    missing -= sizeBytes;
  }
  return shares;
}
