import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Who this recorder is: the owner of the fragments under RECORD_DIR. The id lies beside them, so that it moves with the disk
 * and a restart finds its own recordings again. The class doubles as the injection token.
 */
export class NodeIdentity {
  constructor(readonly nodeId: string) {}
}

export function loadNodeIdentity(recordDir: string): NodeIdentity {
  const path = join(recordDir, 'node-id');
  try {
    return new NodeIdentity(readFileSync(path, 'utf8').trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(recordDir, { recursive: true });
    const nodeId = randomUUID();
    writeFileSync(path, `${nodeId}\n`);
    return new NodeIdentity(nodeId);
  }
}
