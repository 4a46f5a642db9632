import { ApiProperty } from '@nestjs/swagger';
import type { CameraState } from '../../../schema/camera-status.entity.js';
import type { OverlapPolicy } from '../../../schema/camera.entity.js';
import { ERROR_CODE_SCHEMA, INT32 } from '../../../common/api-schemas.js';
import { CAMERA_STATE, OVERLAP_POLICY } from '../../../schema/named-enums.js';

const HAS_PASSWORD =
  'Whether a password is stored, an empty one too. false: none is; with a user name the camera is then asked with an empty one';

export class OnvifResponse {
  @ApiProperty({ example: '192.168.1.10' })
  host!: string;

  @ApiProperty({ ...INT32, example: 80 })
  port!: number;

  @ApiProperty({ example: 'admin', nullable: true, type: String })
  username!: string | null;

  @ApiProperty({ example: true, description: HAS_PASSWORD })
  hasPassword!: boolean;

  @ApiProperty({
    example: 'Profile_1',
    nullable: true,
    type: String,
    description: 'null: the first profile with video',
  })
  profileToken!: string | null;
}

export class CameraErrorResponse {
  @ApiProperty({ ...ERROR_CODE_SCHEMA, example: 'CAMERA.UNREACHABLE' })
  code!: string;

  @ApiProperty({ example: 'The camera at 192.168.1.10:554 did not answer: is it powered and on this network?' })
  message!: string;

  @ApiProperty({ type: String, format: 'date-time', description: 'When it began' })
  at!: string;
}

/** What the recorder last saw of a camera. */
export class CameraStatusResponse {
  @ApiProperty({
    ...CAMERA_STATE,
    example: 'online',
  })
  state!: CameraState;

  @ApiProperty({ type: String, format: 'date-time', description: 'offline: since its last footage' })
  since!: string;

  @ApiProperty({
    type: CameraErrorResponse,
    nullable: true,
    description: 'The last thing that went wrong, also when all is well again; null: nothing did',
  })
  lastError!: CameraErrorResponse | null;
}

/** A camera as clients see it: passwords never come back. */
export class CameraResponse {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'Front door' })
  name!: string;

  @ApiProperty({ type: OnvifResponse, nullable: true })
  onvif!: OnvifResponse | null;

  @ApiProperty({
    example: 'rtsp://192.168.1.10/stream1',
    nullable: true,
    type: String,
    description: 'A password inside it shows as ***',
  })
  rtspUrl!: string | null;

  @ApiProperty({ example: 'viewer', nullable: true, type: String, description: 'For the stream; null: the ONVIF one' })
  username!: string | null;

  @ApiProperty({ example: true, description: HAS_PASSWORD })
  hasPassword!: boolean;

  @ApiProperty({ example: true, description: 'false: disarmed' })
  enabled!: boolean;

  @ApiProperty({ example: false, description: 'true: all footage is kept' })
  continuous!: boolean;

  @ApiProperty({ example: ['MOTION'], type: [String] })
  recordOn!: string[];

  @ApiProperty({ ...INT32, example: 0 })
  preRollSec!: number;

  @ApiProperty({ ...INT32, example: 0 })
  postRollSec!: number;

  @ApiProperty({ ...INT32, example: 300 })
  maxRecordingSec!: number;

  @ApiProperty({ ...OVERLAP_POLICY, example: 'parallel' })
  overlapPolicy!: OverlapPolicy;

  @ApiProperty({ example: true })
  recordAudio!: boolean;

  @ApiProperty({ type: CameraStatusResponse, nullable: true, description: 'null: it was never captured' })
  status!: CameraStatusResponse | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt!: string;
}

export class CameraListResponse {
  @ApiProperty({ type: [CameraResponse] })
  data!: CameraResponse[];

  @ApiProperty({ ...INT32, example: 1, description: 'All cameras, on whichever page' })
  total!: number;

  @ApiProperty({ nullable: true, type: String, description: 'For the next page; null on the last one' })
  nextCursor!: string | null;
}

export class FoundDeviceResponse {
  @ApiProperty({ example: '192.168.1.10' })
  host!: string;

  @ApiProperty({ ...INT32, example: 80 })
  port!: number;

  @ApiProperty({ example: 'Front door', nullable: true, type: String })
  name!: string | null;

  @ApiProperty({ example: 'DS-2CD2143', nullable: true, type: String })
  hardware!: string | null;

  @ApiProperty({ example: ['http://192.168.1.10/onvif/device_service'], type: [String] })
  xaddrs!: string[];
}

export class DiscoverResponse {
  @ApiProperty({ type: [FoundDeviceResponse] })
  data!: FoundDeviceResponse[];

  @ApiProperty({ ...INT32, example: 1 })
  total!: number;
}

export class StreamResponse {
  @ApiProperty({ enum: ['video', 'audio'], enumName: 'StreamKind', description: 'What it carries', example: 'video' })
  kind!: 'video' | 'audio';

  @ApiProperty({ example: 'h264' })
  codec!: string;

  @ApiProperty({ ...INT32, example: 1920, required: false })
  width?: number;

  @ApiProperty({ ...INT32, example: 1080, required: false })
  height?: number;

  @ApiProperty({ example: 25, required: false })
  fps?: number;

  @ApiProperty({ ...INT32, example: 8000, required: false })
  sampleRate?: number;

  @ApiProperty({ ...INT32, example: 1, required: false })
  channels?: number;
}

export class ProfileResponse {
  @ApiProperty({ example: 'Profile_1' })
  token!: string;

  @ApiProperty({ example: 'mainStream' })
  name!: string;

  @ApiProperty({ example: 'H264', nullable: true, type: String })
  codec!: string | null;

  @ApiProperty({ ...INT32, example: 1920, nullable: true })
  width!: number | null;

  @ApiProperty({ ...INT32, example: 1080, nullable: true })
  height!: number | null;

  @ApiProperty({ example: 25, nullable: true, type: Number })
  fps!: number | null;
}

/** What a look at the camera found: its streams, or one sentence on what is wrong. */
export class ProbeResponse {
  @ApiProperty({ example: true })
  ok!: boolean;

  @ApiProperty({
    ...ERROR_CODE_SCHEMA,
    example: 'CAMERA.WRONG_PASSWORD',
    nullable: true,
    description: 'null when ok',
  })
  code!: string | null;

  @ApiProperty({
    example: 'The device at 192.168.1.10:80 refuses the user name or password.',
    nullable: true,
    type: String,
  })
  reason!: string | null;

  @ApiProperty({ type: [StreamResponse] })
  streams!: StreamResponse[];

  @ApiProperty({
    enum: ['rtspUrl', 'onvif'],
    enumName: 'StreamSource',
    description: 'Where the stream’s address comes from',
    nullable: true,
  })
  source!: 'rtspUrl' | 'onvif' | null;

  @ApiProperty({
    example: 'rtsp://192.168.1.10/stream1',
    nullable: true,
    type: String,
    description: 'Without credentials',
  })
  url!: string | null;

  @ApiProperty({ example: 'Profile_1', nullable: true, type: String })
  profileToken!: string | null;

  @ApiProperty({ type: [ProfileResponse], description: 'What the device offers, by ONVIF' })
  profiles!: ProfileResponse[];
}
