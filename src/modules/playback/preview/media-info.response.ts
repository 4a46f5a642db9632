import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { MediaInfo, StreamInfo } from '../../../schema/media-info.js';
import { INT32, INT64 } from '../../../common/api-schemas.js';

const whole = (example: number, description: string) => ApiProperty({ ...INT64, example, description });
const maybeWhole = (example: number, description: string) =>
  ApiProperty({ ...INT64, nullable: true, example, description });
const optional = (example: number, description: string) => ApiPropertyOptional({ ...INT32, example, description });

export class GopResponse implements NonNullable<StreamInfo['gop']> {
  @whole(50, 'Pictures from one key frame to the next, usually') frames!: number;
  @whole(50, 'At most') maxFrames!: number;
  @whole(6, 'Key frames in the video') keyFrames!: number;
}

export class StreamInfoResponse implements StreamInfo {
  @whole(0, 'Its place in the file') index!: number;

  @ApiProperty({
    enum: ['video', 'audio', 'other'],
    enumName: 'MediaKind',
    description: 'What it carries',
    example: 'video',
  })
  kind!: StreamInfo['kind'];

  @ApiProperty({ description: 'As ffprobe names it', example: 'h264' })
  codec!: string;

  @ApiProperty({ type: 'string', nullable: true, example: 'High' })
  profile!: string | null;

  @maybeWhole(1_280, 'On average') bitrateKbps!: number | null;
  @maybeWhole(12_040, 'Its length') durationMs!: number | null;
  @maybeWhole(301, 'How many it has') frames!: number | null;
  @optional(1_920, 'Of video') width?: number;
  @optional(1_080, 'Of video') height?: number;

  @ApiPropertyOptional({ type: 'number', example: 25, description: 'Of video, on average' })
  fps?: number;

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

  @whole(12_040, 'Length of the video') durationMs!: number;
  @whole(1_966_080, 'Size of the file') sizeBytes!: number;
  @whole(1_306, 'Of all streams together') bitrateKbps!: number;

  @ApiProperty({ type: [StreamInfoResponse] })
  streams!: StreamInfoResponse[];
}
