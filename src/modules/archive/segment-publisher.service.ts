import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { Mp4Error } from '../../mp4/boxes.js';
import { NodeIdentity } from '../cluster/index.js';
import { headBytesOf, type LoggedCapture, mendTail, readSegmentTail } from '../footage/index.js';
import { FootageStore } from '../storage/index.js';
import { formatFootageKey } from './domain/footage-key.js';
import { factsOf, type SegmentFacts } from './domain/segment-facts.js';
import { type LostStretch, SegmentPublicationRepository } from './segment-publication.repository.js';
import { StoreIdentity } from './store-identity.service.js';

/** A closed segment of a log. */
export interface LoggedSegment extends LostStretch {
  capture: LoggedCapture;
  segment: string;
  number: number;
}

/**
 * Puts one closed segment of the log into the archive: its row, then its bytes, then the word that they are there. Killed at any point, it is
 * done again from the beginning: the row is the same, and so is the object.
 */
@Injectable()
export class SegmentPublisher {
  constructor(
    private readonly publications: SegmentPublicationRepository,
    private readonly identity: StoreIdentity,
    private readonly store: FootageStore,
    private readonly node: NodeIdentity,
    private readonly logger: AppLogger,
  ) {}

  /** @throws what the store, the database or the disk says: it is to be tried again */
  async publish({ capture, segment, ...stretch }: LoggedSegment, signal: AbortSignal): Promise<void> {
    const path = join(capture.dir, segment);
    const { captureId: captureKey, cameraId, configDigest, init } = capture;
    const facts = await this.read(capture, segment);
    if (!facts) {
      this.logger.warn('a segment is lost to the archive: nothing in it can be read', { path });
      await this.publications.giveUp({ captureKey, cameraId, ...stretch }, 'lost');
      return;
    }
    await this.identity.check();
    const md5Hex = await md5HexOf(path);
    const common = { captureKey, cameraId, configDigest, initBytes: init.bytes.length };
    await this.publications.insertLocal(this.node.nodeId, common, facts, md5Hex);
    const { sizeBytes } = facts;
    await this.store.putFile(formatFootageKey(facts), path, { contentType: 'video/mp4', sizeBytes, md5Hex, signal });
    await this.publications.markStored(facts);
  }

  /** A segment without a whole tail gets one: the disk was full when it was closed, or has damaged it since. */
  private async read(capture: LoggedCapture, segment: string): Promise<SegmentFacts | null> {
    const found = await readSegmentTail(join(capture.dir, segment)).catch(async (error: unknown) => {
      if (isMissing(error)) {
        await access(capture.dir); // else the whole disk is away, and the segment with it
        return null;
      }
      if (!(error instanceof Mp4Error)) throw error;
      return (await mendTail(capture, segment)) ? readSegmentTail(join(capture.dir, segment)) : null;
    });
    if (!found) return null;
    const { tail, ...size } = found;
    return factsOf(tail, { headBytes: headBytesOf(capture.init), ...size });
  }
}

async function md5HexOf(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
