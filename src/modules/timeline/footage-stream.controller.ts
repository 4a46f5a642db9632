import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CACHE_CONTROL } from '../../common/api-headers.js';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { BINARY } from '../../common/api-schemas.js';
import { AppLogger } from '../../common/logging.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { linkOf, PLAYLIST_TYPE, sendPlaylist, sendStreamBody, type StreamBody } from '../media/index.js';
import { FootageAccess, viewerOf } from './footage-link.js';
import { FootageStream } from './footage-stream.service.js';
import { SegmentBytes } from './segment-bytes.service.js';
import { FootagePlaylistQuery, FootageRangeQuery, FootageSegmentQuery } from './timeline.dto.js';
import { FootageStreamUrlResponse } from './timeline.response.js';
import { TimelineService } from './timeline.service.js';

@ApiTags('footage')
@Controller('cameras/:id/footage')
export class FootageStreamController {
  constructor(
    private readonly timeline: TimelineService,
    private readonly streams: FootageStream,
    private readonly segments: SegmentBytes,
    private readonly logger: AppLogger,
  ) {}

  @Get('stream-url')
  @ApiOperation({
    operationId: 'getFootageStreamUrl',
    summary: 'A link to watch a range of footage without a token for a while: an HLS playlist',
    description:
      'Without `to` it goes on to live, if it begins within the last `FOOTAGE_LIVE_WINDOW_SEC`. Else it ends where that begins: ask for the next one from `endsAt` on.',
  })
  @ApiOkResponse({ description: 'The link, and until when it works', type: FootageStreamUrlResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND', 'FOOTAGE.RANGE_TOO_LONG')
  async streamUrl(
    @Param('id', UuidPipe) id: string,
    @Query() query: FootageRangeQuery,
  ): Promise<FootageStreamUrlResponse> {
    await this.timeline.requireCamera(id);
    const { playlistUrl, expiresAt, endsAt } = this.streams.createLinks(id, query);
    return { playlistUrl, expiresAt: expiresAt.toISOString(), endsAt: endsAt?.toISOString() ?? null };
  }

  @Get('playlist.m3u8')
  @FootageAccess()
  @ApiOperation({
    operationId: 'getFootagePlaylist',
    summary: 'HLS: a range of footage; without `to` a playlist that grows',
    description: 'What it names is kept for `FOOTAGE_VIEWER_PIN_SEC` after each request for it.',
  })
  @ApiOkResponse({
    description: 'A media playlist of fragmented MP4',
    headers: CACHE_CONTROL,
    content: { [PLAYLIST_TYPE]: { schema: { type: 'string' } } },
  })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND', 'FOOTAGE.RANGE_TOO_LONG', 'FOOTAGE.NONE', 'FOOTAGE.ELSEWHERE')
  async playlist(
    @Param('id', UuidPipe) id: string,
    @Query() query: FootagePlaylistQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.timeline.requireCamera(id);
    const viewer = { id: viewerOf(request), link: linkOf(request) };
    await sendPlaylist(request, response, await this.streams.playlist(id, query, viewer));
  }

  @Get('init/:capture.mp4')
  @FootageAccess()
  @ApiOperation({ operationId: 'getFootageInit', summary: 'HLS: an init segment that the playlist names' })
  @ApiParam({ name: 'capture', description: 'As the playlist names it', example: '1769860800000-6f9619ff' })
  @ApiOkResponse({ description: '`ftyp` and `moov`', headers: CACHE_CONTROL, content: { 'video/mp4': BINARY } })
  @ApiProblems(
    'REQUEST.INVALID',
    'FOOTAGE.SEGMENT_NOT_FOUND',
    'FOOTAGE.ELSEWHERE',
    'STORAGE.UNAVAILABLE',
    'STORAGE.DENIED',
  )
  async init(
    @Param('id', UuidPipe) id: string,
    @Param('capture') capture: string,
    @Query() _query: FootageSegmentQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.send(request, response, await this.segments.init(id, capture));
  }

  @Get('segment/:segmentId.m4s')
  @FootageAccess()
  @ApiOperation({ operationId: 'getFootageSegment', summary: 'HLS: a segment that the playlist names' })
  @ApiParam({ name: 'segmentId', description: 'As the playlist names it' })
  @ApiOkResponse({
    description: 'Whole fragments, `moof` and `mdat`, from a key frame to another one',
    headers: CACHE_CONTROL,
    content: { 'video/mp4': BINARY },
  })
  @ApiProblems(
    'REQUEST.INVALID',
    'FOOTAGE.SEGMENT_NOT_FOUND',
    'FOOTAGE.ELSEWHERE',
    'STORAGE.UNAVAILABLE',
    'STORAGE.DENIED',
  )
  async segment(
    @Param('id', UuidPipe) id: string,
    @Param('segmentId') segmentId: string,
    @Query() { from, to }: FootageSegmentQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const within = linkOf(request) && from ? { startMs: from.getTime(), endMs: to?.getTime() ?? Infinity } : null;
    await this.send(request, response, await this.segments.open(id, segmentId, within));
  }

  private async send(request: Request, response: Response, body: StreamBody): Promise<void> {
    const failure = await sendStreamBody(request, response, body);
    if (failure !== null) {
      this.logger.warn('sending a part of a stream was cut short', { path: request.path, err: failure });
    }
  }
}
