import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsLeftOutOr } from '../../../common/is-left-out-or.decorator.js';
import { OVERLAP_POLICIES, type OverlapPolicy } from '../../../schema/camera.entity.js';
import { MAX_STREAM_URL_LENGTH } from '../domain/stream-url.js';
import { INT32 } from '../../../common/api-schemas.js';
import { OVERLAP_POLICY } from '../../../schema/named-enums.js';
import { HasNoColon, HasNoControlCharacters, IsHost, IsStreamUrl } from './validators.js';

const HOST = { example: '192.168.1.10', description: 'Host name or IP address of the ONVIF device', maxLength: 253 };
const PORT = {
  ...INT32,
  example: 80,
  minimum: 1,
  maximum: 65_535,
  description: 'Port of its ONVIF service, over HTTP',
};
const PASSWORD = {
  nullable: true,
  type: String,
  maxLength: 255,
  writeOnly: true,
  description: 'An empty text is an empty password, which some cameras have; null: none is stored',
} as const;

class OnvifLoginDto {
  @ApiPropertyOptional({ example: 'admin', nullable: true, type: String, maxLength: 255 })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @HasNoControlCharacters()
  @HasNoColon()
  username?: string | null;

  @ApiPropertyOptional({ ...PASSWORD, example: 'camera-password' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  @HasNoControlCharacters()
  password?: string | null;

  @ApiPropertyOptional({
    example: 'Profile_1',
    nullable: true,
    type: String,
    description: 'Default: the first profile with video',
  })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @HasNoControlCharacters()
  profileToken?: string | null;
}

export class OnvifDto extends OnvifLoginDto {
  @ApiProperty(HOST)
  @IsHost()
  host!: string;

  @ApiProperty(PORT)
  @IsInt()
  @Min(1)
  @Max(65_535)
  port!: number;
}

export class OnvifChangeDto extends OnvifLoginDto {
  @ApiPropertyOptional(HOST)
  @IsLeftOutOr()
  @IsHost()
  host?: string;

  @ApiPropertyOptional(PORT)
  @IsLeftOutOr()
  @IsInt()
  @Min(1)
  @Max(65_535)
  port?: number;
}

/** What may be given, or left out, both when a camera is added and when it is changed. */
class CameraSettingsDto {
  @ApiPropertyOptional({
    example: 'rtsp://192.168.1.10/stream1',
    nullable: true,
    type: String,
    maxLength: MAX_STREAM_URL_LENGTH,
    description: 'Fixed stream address, instead of asking by ONVIF. Credentials in it are taken out and stored sealed.',
  })
  @IsOptional()
  @IsStreamUrl()
  rtspUrl?: string | null;

  @ApiPropertyOptional({
    example: 'viewer',
    nullable: true,
    type: String,
    description: 'For the stream; default: the ONVIF ones',
  })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @HasNoControlCharacters()
  @HasNoColon()
  username?: string | null;

  @ApiPropertyOptional({ ...PASSWORD, example: 'stream-password' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  @HasNoControlCharacters()
  password?: string | null;

  @ApiPropertyOptional({
    example: true,
    default: true,
    description:
      'false disarms: nothing is captured, a recording that runs is stopped, events are stored and record nothing',
  })
  @IsLeftOutOr()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({
    example: false,
    default: false,
    description: 'true: all footage is kept, day and night, with or without events, for as long as the retention says',
  })
  @IsLeftOutOr()
  @IsBoolean()
  continuous?: boolean;

  @ApiPropertyOptional({
    example: ['MOTION', 'DOORBELL'],
    type: [String],
    default: ['MOTION'],
    description: 'Event types that start a recording; [] none does. Kept in upper case',
  })
  @IsLeftOutOr()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^[A-Z][A-Z0-9_.-]{0,49}$/i, {
    each: true,
    message: 'each of recordOn must begin with a letter and have up to 50 letters, digits or _ . -',
  })
  recordOn?: string[];

  @ApiPropertyOptional({
    ...INT32,
    example: 5,
    default: 0,
    minimum: 0,
    maximum: 60,
    description: 'Kept in memory and on disk for as long as the camera exists',
  })
  @IsLeftOutOr()
  @IsInt()
  @Min(0)
  @Max(60)
  preRollSec?: number;

  @ApiPropertyOptional({
    ...INT32,
    example: 10,
    default: 0,
    minimum: 0,
    maximum: 300,
    description: 'Recorded beyond the end of the event',
  })
  @IsLeftOutOr()
  @IsInt()
  @Min(0)
  @Max(300)
  postRollSec?: number;

  @ApiPropertyOptional({
    ...INT32,
    example: 300,
    default: 300,
    minimum: 1,
    maximum: 43_200,
    description: 'A recording that nobody ends is ended by itself',
  })
  @IsLeftOutOr()
  @IsInt()
  @Min(1)
  @Max(43_200)
  maxRecordingSec?: number;

  @ApiPropertyOptional({
    ...OVERLAP_POLICY,
    example: 'merge',
    default: 'parallel',
  })
  @IsLeftOutOr()
  @IsIn(OVERLAP_POLICIES, { message: `overlapPolicy must be one of ${OVERLAP_POLICIES.join(', ')}` })
  overlapPolicy?: OverlapPolicy;

  @ApiPropertyOptional({ example: true, default: true })
  @IsLeftOutOr()
  @IsBoolean()
  recordAudio?: boolean;
}

const NAME = { example: 'Front door', maxLength: 100 };
const trimmed = ({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value);

export class CreateCameraDto extends CameraSettingsDto {
  @ApiProperty(NAME)
  @Transform(trimmed)
  @IsString()
  @Length(1, 100)
  @HasNoControlCharacters()
  name!: string;

  @ApiPropertyOptional({ type: OnvifDto, nullable: true, description: 'This or rtspUrl is needed' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OnvifDto)
  onvif?: OnvifDto | null;
}

/** What is left out stays as it is; null clears. */
export class UpdateCameraDto extends CameraSettingsDto {
  @ApiPropertyOptional(NAME)
  @IsLeftOutOr()
  @Transform(trimmed)
  @IsString()
  @Length(1, 100)
  @HasNoControlCharacters()
  name?: string;

  @ApiPropertyOptional({ type: OnvifChangeDto, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OnvifChangeDto)
  onvif?: OnvifChangeDto | null;
}
