import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { MediaInfo, StreamInfo } from '../../../schema/media-info.js';

const whole = (example: number, description?: string) =>
  ApiProperty({ type: 'integer', example, ...(description === undefined ? {} : { description }) });
const maybeWhole = (example: number) => ApiProperty({ type: 'integer', nullable: true, example });
const optional = (example: number, description: string) =>
  ApiPropertyOptional({ type: 'number', example, description });

export class GopResponse implements NonNullable<StreamInfo['gop']> {
  @whole(50, 'Pictures from one key frame to the next, usually') frames!: number;
  @whole(50, 'At most') maxFrames!: number;
  @whole(6, 'Key frames in the video') keyFrames!: number;
}

export class StreamInfoResponse implements StreamInfo {
  @whole(0) index!: number;

  @ApiProperty({ enum: ['video', 'audio', 'other'] })
  kind!: StreamInfo['kind'];

  @ApiProperty({ description: 'As ffprobe names it', example: 'h264' })
  codec!: string;

  @ApiProperty({ type: 'string', nullable: true, example: 'High' })
  profile!: string | null;

  @maybeWhole(1_280) bitrateKbps!: number | null;
  @maybeWhole(12_040) durationMs!: number | null;
  @maybeWhole(301) frames!: number | null;
  @optional(1_920, 'Of video') width?: number;
  @optional(1_080, 'Of video') height?: number;
  @optional(25, 'Of video, on average') fps?: number;

  @ApiPropertyOptional({ description: 'Of video', example: 'yuv420p' })
  pixelFormat?: string;

  @ApiPropertyOptional({ type: GopResponse, description: 'Of video' })
  gop?: GopResponse;

  @optional(32_000, 'Of sound, in Hz') sampleRate?: number;
  @optional(1, 'Of sound') channels?: number;
}

export class MediaInfoResponse implements MediaInfo {
  @ApiProperty({ description: 'As ffprobe names it', example: 'mov,mp4,m4a,3gp,3g2,mj2' })
  container!: string;

  @whole(12_040) durationMs!: number;
  @whole(1_966_080) sizeBytes!: number;
  @whole(1_306, 'Of all streams together') bitrateKbps!: number;

  @ApiProperty({ type: [StreamInfoResponse] })
  streams!: StreamInfoResponse[];
}
