import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../../../common/api-problems.decorator.js';
import { AppLogger } from '../../../common/logging.js';
import { UuidPipe } from '../../../common/uuid.pipe.js';
import { MediaAccess } from '../media-access.decorator.js';
import { PLAYBACK_NOT_FOUND } from '../playback.dto.js';
import { sendStreamBody, type StreamBody } from './stream-body.js';
import { LINK_INVALID, LIVE_ELSEWHERE, NO_PICTURE, NOT_STREAMABLE, SEGMENT_NOT_FOUND } from './stream.problems.js';
import { type LinkQuery, StreamService } from './stream.service.js';
import { StreamUrlResponse } from './stream.response.js';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** Hours of segments are as many lines, all alike. */
const compress = promisify(gzip);

@ApiTags('playbacks')
@Controller('playbacks/:id')
export class StreamController {
  constructor(
    private readonly streams: StreamService,
    private readonly logger: AppLogger,
  ) {}

  @Get('stream-url')
  @ApiOperation({ summary: 'Links to watch it without a token for a while, in any state: an HLS playlist and a page' })
  @ApiOkResponse({ type: StreamUrlResponse })
  @ApiProblems(400, PLAYBACK_NOT_FOUND)
  async streamUrl(@Param('id', UuidPipe) id: string): Promise<StreamUrlResponse> {
    const { expiresAt, ...links } = await this.streams.createLinks(id);
    return { ...links, expiresAt: expiresAt.toISOString() };
  }

  @Get('stream/playlist.m3u8')
  @MediaAccess()
  @ApiOperation({ summary: 'HLS: a playlist that grows while it is recorded, and the whole of it afterwards' })
  @ApiProduces(PLAYLIST_TYPE)
  @ApiOkResponse({ description: 'A media playlist of fragmented MP4' })
  @ApiProblems(400, 401, LINK_INVALID, PLAYBACK_NOT_FOUND, NO_PICTURE, NOT_STREAMABLE, LIVE_ELSEWHERE)
  async playlist(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const text = await this.streams.playlist(id, linkOf(request));
    response.setHeader('Cache-Control', 'no-store').setHeader('Content-Type', PLAYLIST_TYPE).vary('Accept-Encoding');
    if (!request.acceptsEncodings('gzip')) return void response.send(Buffer.from(text));
    response.setHeader('Content-Encoding', 'gzip').send(await compress(text));
  }

  @Get('stream/init/:name.mp4')
  @MediaAccess()
  @ApiOperation({ summary: 'HLS: an init segment that the playlist names' })
  @ApiProduces('video/mp4')
  @ApiOkResponse({ description: '`ftyp` and `moov`' })
  @ApiProblems(400, 401, LINK_INVALID, PLAYBACK_NOT_FOUND, SEGMENT_NOT_FOUND, NOT_STREAMABLE, LIVE_ELSEWHERE)
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
  @ApiOperation({ summary: 'HLS: a segment that the playlist names' })
  @ApiProduces('video/mp4')
  @ApiOkResponse({ description: 'Whole fragments, `moof` and `mdat`, from a key frame to the next one' })
  @ApiProblems(400, 401, LINK_INVALID, PLAYBACK_NOT_FOUND, SEGMENT_NOT_FOUND, NOT_STREAMABLE, LIVE_ELSEWHERE, 503)
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

/** The signed link by which the guard has let the request in; null: it has a token. */
function linkOf({ query }: Request): LinkQuery | null {
  const { expires, signature } = query;
  return typeof expires === 'string' && typeof signature === 'string' ? { expires, signature } : null;
}
