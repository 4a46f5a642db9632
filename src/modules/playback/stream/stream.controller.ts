import { Readable } from 'node:stream';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../../../common/api-problems.decorator.js';
import { AppLogger } from '../../../common/logging.js';
import { UuidPipe } from '../../../common/uuid.pipe.js';
import { MediaAccess } from '../media-access.decorator.js';
import { CACHE_CONTROL } from '../../../common/api-headers.js';
import { BINARY } from '../../../common/api-schemas.js';
import { linkOf, PLAYLIST_TYPE, sendPlaylist, sendStreamBody, type StreamBody } from '../../media/index.js';
import { StreamService } from './stream.service.js';
import { StreamUrlResponse } from './stream.response.js';

@ApiTags('playbacks')
@Controller('playbacks/:id')
export class StreamController {
  constructor(
    private readonly streams: StreamService,
    private readonly logger: AppLogger,
  ) {}

  @Get('stream-url')
  @ApiOperation({
    operationId: 'getStreamUrl',
    summary: 'Links to watch it without a token for a while, in any state: an HLS playlist and a page',
  })
  @ApiOkResponse({ description: 'The links, and until when they work', type: StreamUrlResponse })
  @ApiProblems('REQUEST.INVALID', 'PLAYBACK.NOT_FOUND')
  async streamUrl(@Param('id', UuidPipe) id: string): Promise<StreamUrlResponse> {
    const { expiresAt, ...links } = await this.streams.createLinks(id);
    return { ...links, expiresAt: expiresAt.toISOString() };
  }

  @Get('stream/playlist.m3u8')
  @MediaAccess()
  @ApiOperation({
    operationId: 'getStreamPlaylist',
    summary: 'HLS: a playlist that grows while it is recorded, and the whole of it afterwards',
  })
  @ApiOkResponse({
    description: 'A media playlist of fragmented MP4',
    headers: CACHE_CONTROL,
    content: { [PLAYLIST_TYPE]: { schema: { type: 'string' } } },
  })
  @ApiProblems(
    'REQUEST.INVALID',
    'PLAYBACK.NOT_FOUND',
    'PLAYBACK.NOT_READY',
    'PLAYBACK.NOT_STREAMABLE',
    'PLAYBACK.LIVE_ELSEWHERE',
  )
  async playlist(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await sendPlaylist(request, response, await this.streams.playlist(id, linkOf(request)));
  }

  @Get('stream/init/:name.mp4')
  @MediaAccess()
  @ApiOperation({ operationId: 'getStreamInit', summary: 'HLS: an init segment that the playlist names' })
  @ApiParam({ name: 'name', description: 'As the playlist names it', example: '0' })
  @ApiOkResponse({ description: '`ftyp` and `moov`', headers: CACHE_CONTROL, content: { 'video/mp4': BINARY } })
  @ApiProblems(
    'REQUEST.INVALID',
    'PLAYBACK.NOT_FOUND',
    'PLAYBACK.SEGMENT_NOT_FOUND',
    'PLAYBACK.NOT_STREAMABLE',
    'PLAYBACK.LIVE_ELSEWHERE',
  )
  async init(
    @Param('id', UuidPipe) id: string,
    @Param('name') name: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const bytes = await this.streams.init(id, name);
    await this.send(request, response, { sizeBytes: bytes.length, open: async () => Readable.from([bytes]) });
  }

  @Get('stream/segment/:segmentId.m4s')
  @MediaAccess()
  @ApiOperation({ operationId: 'getStreamSegment', summary: 'HLS: a segment that the playlist names' })
  @ApiParam({ name: 'segmentId', description: 'As the playlist names it' })
  @ApiOkResponse({
    description: 'Whole fragments, `moof` and `mdat`, from a key frame to the next one',
    headers: CACHE_CONTROL,
    content: { 'video/mp4': BINARY },
  })
  @ApiProblems(
    'REQUEST.INVALID',
    'PLAYBACK.NOT_FOUND',
    'PLAYBACK.SEGMENT_NOT_FOUND',
    'PLAYBACK.NOT_STREAMABLE',
    'PLAYBACK.LIVE_ELSEWHERE',
    'STORAGE.UNAVAILABLE',
    'STORAGE.DENIED',
  )
  async segment(
    @Param('id', UuidPipe) id: string,
    @Param('segmentId') segmentId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.send(request, response, await this.streams.segment(id, segmentId));
  }

  private async send(request: Request, response: Response, body: StreamBody): Promise<void> {
    const failure = await sendStreamBody(request, response, body);
    if (failure !== null) {
      this.logger.warn('sending a part of a stream was cut short', { path: request.path, err: failure });
    }
  }
}
