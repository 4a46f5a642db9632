import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Who this recorder is: the owner of the fragments under `homeDir`. The id lies beside them, so that it moves with the disk
 * and a restart finds its own recordings again. The class doubles as the injection token.
 */
export class NodeIdentity {
  constructor(
    readonly nodeId: string,
    /** RECORD_DIR, or a folder in it when several processes share one. */
    readonly homeDir: string,
  ) {}
}

/** The identity that lies in `homeDir`, made at the first time. */
export function loadNodeIdentity(homeDir: string): NodeIdentity {
  const nodeId = readNodeId(homeDir);
  if (nodeId !== null) return new NodeIdentity(nodeId, homeDir);
  mkdirSync(homeDir, { recursive: true });
  const made = randomUUID();
  writeFileSync(join(homeDir, 'node-id'), `${made}\n`);
  return new NodeIdentity(made, homeDir);
}

/** @returns null when no recorder has its home there, or the folder cannot be seen from here */
export function readNodeId(homeDir: string): string | null {
  try {
    return readFileSync(join(homeDir, 'node-id'), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
