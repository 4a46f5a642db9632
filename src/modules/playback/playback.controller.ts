import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { Roles } from '../auth/index.js';
import { PlaybackMediaService } from './playback-media.service.js';
import { PlaybackPreviewService } from './preview/playback-preview.service.js';
import { ListPlaybacksQuery, StartRecordingDto, StopResponse } from './playback.dto.js';
import type { ShownPlayback } from './playback.repository.js';
import { PlaybackListResponse, PlaybackResponse } from './playback.response.js';
import { PlaybackStarter } from './playback-starter.service.js';
import { PlaybackService } from './playback.service.js';
import { toPlaybackResponse } from './playback.view.js';

@ApiTags('playbacks')
@Controller('playbacks')
export class PlaybackController {
  constructor(
    private readonly playbacks: PlaybackService,
    private readonly starter: PlaybackStarter,
    private readonly media: PlaybackMediaService,
    private readonly previews: PlaybackPreviewService,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listPlaybacks', summary: 'Playbacks, the newest first' })
  @ApiOkResponse({ description: 'A page of playbacks', type: PlaybackListResponse })
  @ApiProblems('REQUEST.INVALID')
  async list(@Query() query: ListPlaybacksQuery): Promise<PlaybackListResponse> {
    const { playbacks, total, nextCursor } = await this.playbacks.list(query);
    return { data: await this.view(playbacks), total, nextCursor };
  }

  @Post()
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'createPlayback',
    summary: 'Record a camera now, without an event, until it is stopped or the time is over; or export past footage',
    description:
      'A recording has the camera’s pre-roll, or begins at a past `from`, with what is there of it, and is a playback of its own: no event ' +
      'joins it. With `from` and a past `to` the footage of the archive in this range becomes one video, over gaps and changes of the stream. ' +
      'To delete such an export while it is made cancels it.',
  })
  @ApiCreatedResponse({ description: 'The new playback', type: PlaybackResponse })
  @ApiProblems(
    'REQUEST.INVALID',
    'CAMERA.NOT_FOUND',
    'CAMERA.DISABLED',
    'RECORDING.QUEUE_FULL',
    'SERVICE.STOPPING',
    'PLAYBACK.RANGE_TOO_LONG',
    'FOOTAGE.NONE',
  )
  async start(@Body() body: StartRecordingDto): Promise<PlaybackResponse> {
    const [view] = await this.view([await this.playbacks.get(await this.starter.start(body))]);
    return view!;
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getPlayback', summary: 'One playback with its event and its camera' })
  @ApiOkResponse({ description: 'The playback as it is now', type: PlaybackResponse })
  @ApiProblems('REQUEST.INVALID', 'PLAYBACK.NOT_FOUND')
  async get(@Param('id', UuidPipe) id: string): Promise<PlaybackResponse> {
    const [view] = await this.view([await this.playbacks.get(id)]);
    return view!;
  }

  @Post(':id/stop')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'stopPlayback',
    summary: 'End a recording by hand; processing and upload follow by themselves',
  })
  @ApiOkResponse({ description: 'It is being ended', type: StopResponse })
  @ApiProblems('REQUEST.INVALID', 'PLAYBACK.NOT_FOUND', 'PLAYBACK.NOT_RECORDING')
  async stop(@Param('id', UuidPipe) id: string): Promise<StopResponse> {
    return this.playbacks.stop(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'deletePlayback',
    summary: 'Delete a finished playback and its video, for good; or cancel an export',
  })
  @ApiNoContentResponse({ description: 'It is gone, and its video' })
  @ApiProblems('REQUEST.INVALID', 'PLAYBACK.NOT_FOUND', 'PLAYBACK.STILL_RECORDING', 'PLAYBACK.LOCKED')
  async delete(@Param('id', UuidPipe) id: string): Promise<void> {
    await this.playbacks.delete(id);
  }

  private async view(playbacks: readonly ShownPlayback[]): Promise<PlaybackResponse[]> {
    const thumbnails = await this.previews.findThumbnailUrls(playbacks);
    const viewOne = async (playback: ShownPlayback) =>
      toPlaybackResponse(playback, await this.media.findVideoUrl(playback), thumbnails.get(playback.id));
    return Promise.all(playbacks.map(viewOne));
  }
}
