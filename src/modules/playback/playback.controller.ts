import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { Roles } from '../auth/index.js';
import { DISARMED, NO_CAMERA, QUEUE_FULL, STOPPING } from '../recording/index.js';
import { PlaybackMediaService } from './playback-media.service.js';
import { PlaybackPreviewService } from './preview/playback-preview.service.js';
import { ListPlaybacksQuery, PLAYBACK_NOT_FOUND, StartRecordingDto, StopResponse } from './playback.dto.js';
import type { Playback } from '../../schema/playback.entity.js';
import { PlaybackListResponse, PlaybackResponse } from './playback.response.js';
import { PlaybackService } from './playback.service.js';
import { toPlaybackResponse } from './playback.view.js';

const STILL_RECORDING = {
  status: 409,
  code: 'PLAYBACK.STILL_RECORDING',
  detail: 'This playback is not finished: stop it and wait until it is COMPLETED or FAILED.',
};
const NOT_RECORDING = {
  status: 409,
  code: 'PLAYBACK.NOT_RECORDING',
  detail: 'There is nothing to stop: this playback is COMPLETED.',
};

@ApiTags('playbacks')
@Controller('playbacks')
export class PlaybackController {
  constructor(
    private readonly playbacks: PlaybackService,
    private readonly media: PlaybackMediaService,
    private readonly previews: PlaybackPreviewService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Playbacks, the newest first' })
  @ApiOkResponse({ type: PlaybackListResponse })
  @ApiProblems(400)
  async list(@Query() query: ListPlaybacksQuery): Promise<PlaybackListResponse> {
    const { playbacks, total, nextCursor } = await this.playbacks.list(query);
    return { data: await this.view(playbacks), total, nextCursor };
  }

  @Post()
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    summary: 'Record a camera now, without an event, until it is stopped or the time is over',
    description: 'With the camera’s pre-roll, in a playback of its own: no event joins it.',
  })
  @ApiCreatedResponse({ type: PlaybackResponse })
  @ApiProblems(400, 403, NO_CAMERA, DISARMED, QUEUE_FULL, STOPPING)
  async start(@Body() body: StartRecordingDto): Promise<PlaybackResponse> {
    const [view] = await this.view([await this.playbacks.start(body)]);
    return view!;
  }

  @Get(':id')
  @ApiOperation({ summary: 'One playback with its event and its camera' })
  @ApiOkResponse({ type: PlaybackResponse })
  @ApiProblems(400, PLAYBACK_NOT_FOUND)
  async get(@Param('id', UuidPipe) id: string): Promise<PlaybackResponse> {
    const [view] = await this.view([await this.playbacks.get(id)]);
    return view!;
  }

  @Post(':id/stop')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({ summary: 'End a recording by hand; processing and upload follow by themselves' })
  @ApiOkResponse({ type: StopResponse })
  @ApiProblems(400, 403, PLAYBACK_NOT_FOUND, NOT_RECORDING)
  async stop(@Param('id', UuidPipe) id: string): Promise<StopResponse> {
    return this.playbacks.stop(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({ summary: 'Delete a finished playback and its video, for good' })
  @ApiNoContentResponse()
  @ApiProblems(400, 403, PLAYBACK_NOT_FOUND, STILL_RECORDING)
  async delete(@Param('id', UuidPipe) id: string): Promise<void> {
    await this.playbacks.delete(id);
  }

  private async view(playbacks: readonly Playback[]): Promise<PlaybackResponse[]> {
    const thumbnails = await this.previews.findThumbnailUrls(playbacks);
    const viewOne = async (playback: Playback) =>
      toPlaybackResponse(playback, await this.media.findVideoUrl(playback), thumbnails.get(playback.id));
    return Promise.all(playbacks.map(viewOne));
  }
}
