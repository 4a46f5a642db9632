import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { MediaInfo } from './media-info.js';
import type { SpriteLayout } from './sprite-layout.js';
import type { StreamIndex } from './stream-index.js';
import { Playback } from './playback.entity.js';

/** What players need of a stored object beside its bytes. A row exists from COMPLETED on. */
@Entity('playback_media')
export class PlaybackMedia {
  @PrimaryColumn('uuid', { name: 'playback_id', primaryKeyConstraintName: 'playback_media_pkey' })
  playbackId!: string;

  @OneToOne(() => Playback, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'playback_id', foreignKeyConstraintName: 'playback_media_playback_id_fkey' })
  playback?: Relation<Playback>;

  /** Where the fragments lie in the object; null when it holds none. */
  @Column('jsonb', { nullable: true })
  stream!: StreamIndex | null;

  @Column('jsonb', { nullable: true })
  info!: MediaInfo | null;

  /** Since when `thumbnail.jpg` is in the store. */
  @Column({ type: 'timestamptz', name: 'thumbnail_at', precision: 3, nullable: true })
  thumbnailAt!: Date | null;

  /** How `sprite.jpg` is divided, once it is in the store. */
  @Column('jsonb', { nullable: true })
  sprite!: SpriteLayout | null;
}
