import { ApiProperty } from '@nestjs/swagger';
import type { Assembly } from '../../schema/assembly.js';
import type { GapCause } from '../../schema/ledger.js';
import type { EndReason, RecordingStatus } from '../../schema/playback-state.js';
import { ERROR_CODE_SCHEMA, INT32, INT64 } from '../../common/api-schemas.js';
import type { PlaybackKind } from '../../schema/playback-kind.js';
import { ASSEMBLY, END_REASON, GAP_CAUSE, PLAYBACK_KIND, RECORDING_STATUS } from '../../schema/named-enums.js';

const id = () => ApiProperty({ format: 'uuid' });
const instant = (nullable = true) => ApiProperty({ type: 'string', format: 'date-time', nullable });
const count = (description: string, example: number) => ApiProperty({ ...INT64, nullable: true, description, example });
const number = (example: number) => ApiProperty({ type: 'number', nullable: true, example });
const text = (description: string, example: string) =>
  ApiProperty({ type: 'string', nullable: true, description, example });

export class PlaybackEventResponse {
  @id() id!: string;

  @ApiProperty({ example: 'MOTION' })
  type!: string;

  @text('What the sender said', 'Motion at the gate')
  description!: string | null;

  @instant(false) occurredAt!: string;
  @instant() endedAt!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { zone: 'gate' } })
  metadata!: Record<string, unknown>;
}

export class PlaybackCameraResponse {
  @id() id!: string;

  @ApiProperty({ description: 'Also of a camera that was deleted since', example: 'Front door' })
  name!: string;
}

export class FailureResponse {
  @ApiProperty({ ...ERROR_CODE_SCHEMA, example: 'CAMERA.UNREACHABLE' })
  code!: string;

  @ApiProperty({ example: 'The camera did not answer: check its power, its network and its address.' })
  message!: string;
}

export class GapResponse {
  @instant(false) startAt!: string;
  @instant(false) endAt!: string;

  @ApiProperty({ ...GAP_CAUSE, example: 'camera_lost' })
  cause!: GapCause;
}

export class CompletenessResponse {
  @count('Length of the wanted range; null while it is open', 12_000)
  expectedMs!: number | null;

  @count('Footage in it: `expectedMs` less the gaps', 12_000)
  storedMs!: number | null;

  @ApiProperty({ type: [GapResponse] })
  gaps!: GapResponse[];
}

export class ProgressResponse {
  @ApiProperty({ ...INT64, description: 'Footage so far', example: 1_310_720 })
  bytes!: number;

  @count('Footage so far', 8_000)
  durationMs!: number | null;

  @count('Pictures so far', 200)
  frames!: number | null;

  @number(25) fps!: number | null;
  @number(1_310) bitrateKbps!: number | null;
}

export class UploadResponse {
  @ApiProperty({ ...INT64, description: 'Media that the store has', example: 10_485_760 })
  safeBytes!: number;

  @ApiProperty({ ...INT64, description: 'Media that is to be sent yet', example: 1_966_080 })
  pendingBytes!: number;

  @ApiProperty({ ...INT64, description: 'Media that would be lost with the recorder now', example: 1_966_080 })
  atRiskBytes!: number;
}

export class RetryResponse {
  @ApiProperty({ ...INT32, description: 'How often it was tried', example: 3 })
  attempts!: number;

  @text('Why the last try to store it failed', 'The store did not answer.')
  reason!: string | null;

  @instant() at!: string | null;
}

export class PlaybackResponse {
  @id() id!: string;

  @ApiProperty({ ...RECORDING_STATUS, example: 'COMPLETED' })
  recordingStatus!: RecordingStatus;

  @ApiProperty({ ...PLAYBACK_KIND, example: 'event' })
  kind!: PlaybackKind;

  @ApiProperty({ type: PlaybackEventResponse, nullable: true, description: 'Null when nothing or no one reported one' })
  event!: PlaybackEventResponse | null;

  @ApiProperty({ type: PlaybackCameraResponse })
  camera!: PlaybackCameraResponse;

  @text(
    'Where the video can be loaded; may be signed and then short-lived',
    'https://media.example.com/playbacks/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/video.mp4',
  )
  videoUrl!: string | null;

  @text(
    'A picture of it, for whoever has a token; null until it is made',
    'http://localhost:3000/playbacks/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/thumbnail',
  )
  thumbnailUrl!: string | null;

  @count('Size of the stored video', 1_966_080)
  fileSizeBytes!: number | null;

  @ApiProperty({ ...INT32, nullable: true, description: 'Rounded `durationMs`', example: 12 })
  durationSec!: number | null;

  @count('Length of the video', 12_040)
  durationMs!: number | null;

  @text('As ffprobe names it', 'h264')
  codec!: string | null;

  @text('Width and height', '1920x1080')
  resolution!: string | null;

  @ApiProperty({
    ...ASSEMBLY,
    nullable: true,
    description: 'How the video was made; null while there is none',
    example: 'copied',
  })
  assembly!: Assembly | null;

  @text(
    'SHA-256 of the whole file, hex; null when it went up in parts',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  sha256!: string | null;

  @text(
    '`sha256:` and the digest of the whole file; or, when it went up in parts, `sha256-parts:`, the SHA-256 over the SHA-256s of its parts, `-`, their number, `x` and the bytes of each but the last',
    'sha256-parts:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef-3x5242880',
  )
  digest!: string | null;

  @instant() startedAt!: string | null;
  @instant() endedAt!: string | null;
  @instant(false) createdAt!: string;

  @ApiProperty({
    ...END_REASON,
    nullable: true,
    description: 'Why the recording ended; null while nobody has ended it',
  })
  endReason!: EndReason | null;

  @ApiProperty({ type: FailureResponse, nullable: true })
  failure!: FailureResponse | null;

  @ApiProperty({ type: CompletenessResponse })
  completeness!: CompletenessResponse;

  @ApiProperty({ type: ProgressResponse, nullable: true, description: 'Null before the first footage' })
  progress!: ProgressResponse | null;

  @ApiProperty({
    type: UploadResponse,
    nullable: true,
    description: 'How far it is in the store, also while it is recorded; null before the first footage',
  })
  upload!: UploadResponse | null;

  @ApiProperty({
    type: RetryResponse,
    nullable: true,
    description: 'While PROCESSING, when storing it has failed before',
  })
  retry!: RetryResponse | null;

  @text(
    'Footage that had to be encoded, while it waits for the store; of a FAILED playback, where its footage is kept',
    '/var/lib/hindsight/recordings/assembled/6f9619ff.mp4',
  )
  localPath!: string | null;
}

export class PlaybackListResponse {
  @ApiProperty({ type: [PlaybackResponse] })
  data!: PlaybackResponse[];

  @ApiProperty({ ...INT32, description: 'How many match the filters; counted with the first page', example: 1 })
  total!: number;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Send it as `cursor` for the next page; null on the last one',
  })
  nextCursor!: string | null;
}
