/** What other modules may use of this one, beside its NestJS module. */
export { NodeIdentity, readNodeId } from './node-identity.js';
export { Ownership } from './ownership.service.js';
export { homeDirs } from './recorder-home.js';
export { RecorderNodeRepository } from './recorder-node.repository.js';
