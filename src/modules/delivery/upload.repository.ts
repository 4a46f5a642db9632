import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ProgressRepository } from '../catalogue/index.js';
import type { CaptureMeta, StoredFragment } from '../footage/index.js';
import type { PartsTarget, StoredPart } from '../storage/index.js';
import type { UploadProgress } from '../../schema/upload-progress.js';

/** A part in the store, with the digest of its bytes. */
export interface SentPart extends StoredPart {
  sha256: string;
}

/** A fragment that begins in a part. */
export interface SentFragment {
  captureId: string;
  streamOffset: number;
  /** Of the silent box before it. */
  silentBytes: number;
  fragment: StoredFragment;
  /** Base64. */
  moof: string;
}

/** A capture that has fragments in the stream. */
export interface SentCapture {
  meta: CaptureMeta;
  init: Buffer;
}

/** What is about to become an object: enough to finish it when the answer was lost. */
export interface Completing {
  parts: SentPart[];
  object: unknown;
}

export interface UploadRow {
  target: PartsTarget;
  /** Parts 2, 3 … in order. */
  parts: SentPart[];
  fragments: SentFragment[];
  captures: SentCapture[];
  completing: Completing | null;
}

interface PartRow {
  number: number;
  etag: string;
  sha256: string;
  size_bytes: number;
  fragments: SentFragment[];
}

/** Where uploads are, so that any recorder can go on with one. Nothing is written for a playback that another recorder has taken over. */
@Injectable()
export class UploadRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly progress: ProgressRepository,
  ) {}

  async find(playbackId: string): Promise<UploadRow | null> {
    const [row] = await this.dataSource.query<
      { key: string; upload_id: string; token: string; part_size_bytes: number; completing: Completing | null }[]
    >('SELECT * FROM uploads WHERE playback_id = $1', [playbackId]);
    if (!row) return null;
    const parts = await this.dataSource.query<PartRow[]>(
      'SELECT * FROM upload_parts WHERE playback_id = $1 ORDER BY number',
      [playbackId],
    );
    const captures = await this.dataSource.query<SentCapture[]>(
      'SELECT meta, init FROM upload_captures WHERE playback_id = $1',
      [playbackId],
    );
    const { key, upload_id: uploadId, token, part_size_bytes: partSizeBytes, completing } = row;
    return {
      target: { key, uploadId, token, partSizeBytes },
      parts: parts.map(({ number, etag, sha256, size_bytes }) => ({ number, etag, sha256, sizeBytes: size_bytes })),
      fragments: parts.flatMap(({ fragments }) => fragments),
      captures,
      completing,
    };
  }

  /** Wall clock up to which footage is in the store; null when there is none. */
  async findSentEndMs(playbackId: string): Promise<number | null> {
    const [row] = await this.dataSource.query<[{ end_ms: number | null }]>(
      `SELECT max((capture.meta->>'epochMs')::float8 + (sent->'fragment'->>'startMs')::float8
                  + (sent->'fragment'->>'durationMs')::float8) AS end_ms
         FROM upload_parts part, jsonb_array_elements(part.fragments) sent, upload_captures capture
        WHERE part.playback_id = $1 AND capture.playback_id = $1 AND capture.capture_id = sent->>'captureId'`,
      [playbackId],
    );
    return row.end_ms;
  }

  /** Safe to say again. @returns false when the playback is not this node's, or has another upload already */
  async insert(playbackId: string, nodeId: string, target: PartsTarget): Promise<boolean> {
    const { key, uploadId, token, partSizeBytes } = target;
    const rows = await this.dataSource.query<unknown[]>(
      `INSERT INTO uploads (playback_id, key, upload_id, token, part_size_bytes)
       SELECT id, $3, $4, $5, $6 FROM playbacks WHERE id = $1 AND node_id = $2 FOR SHARE
       ON CONFLICT (playback_id) DO UPDATE SET token = excluded.token WHERE uploads.upload_id = excluded.upload_id
       RETURNING playback_id`,
      [playbackId, nodeId, key, uploadId, token, partSizeBytes],
    );
    return rows.length > 0;
  }

  /** A part, what begins in it, and what that means for the playback, in one. @returns false when the playback is not this node's */
  async insertPart(
    playbackId: string,
    nodeId: string,
    part: SentPart,
    { fragments, captures, progress }: { fragments: SentFragment[]; captures: SentCapture[]; progress: UploadProgress },
  ): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      // Locked, so that no other recorder takes it before the part is written down.
      const ours = await manager.query<unknown[]>('SELECT id FROM playbacks WHERE id = $1 AND node_id = $2 FOR SHARE', [
        playbackId,
        nodeId,
      ]);
      if (ours.length === 0) return false;
      await this.progress.saveUpload(manager, playbackId, progress);
      for (const { meta, init } of captures) {
        await manager.query(
          `INSERT INTO upload_captures (playback_id, capture_id, init, meta) VALUES ($1, $2, $3, $4)
           ON CONFLICT (playback_id, capture_id) DO UPDATE SET meta = excluded.meta`,
          [playbackId, meta.captureId, init, JSON.stringify(meta)],
        );
      }
      await manager.query(
        `INSERT INTO upload_parts (playback_id, number, etag, sha256, size_bytes, fragments) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (playback_id, number) DO UPDATE SET etag = excluded.etag, sha256 = excluded.sha256,
           size_bytes = excluded.size_bytes, fragments = excluded.fragments`,
        [playbackId, part.number, part.etag, part.sha256, part.sizeBytes, JSON.stringify(fragments)],
      );
      return true;
    });
  }

  async deletePartsFrom(playbackId: string, number: number): Promise<void> {
    await this.dataSource.query('DELETE FROM upload_parts WHERE playback_id = $1 AND number >= $2', [
      playbackId,
      number,
    ]);
  }

  async saveCompleting(playbackId: string, completing: Completing | null): Promise<void> {
    await this.dataSource.query('UPDATE uploads SET completing = $2 WHERE playback_id = $1', [
      playbackId,
      completing && JSON.stringify(completing),
    ]);
  }

  /** The object is complete: all of its bytes are safe, and what was sent needs no rows any more. */
  async finish(manager: EntityManager, playbackId: string, sizeBytes: number): Promise<void> {
    await this.progress.saveUpload(manager, playbackId, { safeBytes: sizeBytes, pendingBytes: 0, atRiskBytes: 0 });
    await manager.query('DELETE FROM uploads WHERE playback_id = $1', [playbackId]);
  }

  /** Forgets this very upload; another one of the playback stays. */
  async forget(playbackId: string, { uploadId }: Pick<PartsTarget, 'uploadId'>): Promise<void> {
    await this.dataSource.query('DELETE FROM uploads WHERE playback_id = $1 AND upload_id = $2', [
      playbackId,
      uploadId,
    ]);
  }

  /** Those of the uploads that a row knows. */
  async findKnown(uploadIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.dataSource.query<{ upload_id: string }[]>(
      'SELECT upload_id FROM uploads WHERE upload_id = ANY($1)',
      [uploadIds],
    );
    return new Set(rows.map(({ upload_id: uploadId }) => uploadId));
  }
}
