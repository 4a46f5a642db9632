import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { PageQuery, readPosition } from '../../common/page-query.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { Roles } from '../auth/index.js';
import { CameraProbe } from './camera-probe.service.js';
import { CameraPresenter } from './camera.presenter.js';
import { CameraService } from './camera.service.js';
import { CreateCameraDto, UpdateCameraDto } from './dto/camera-input.dto.js';
import { DiscoverDto } from './dto/camera-query.dto.js';
import { CameraListResponse, CameraResponse, DiscoverResponse, ProbeResponse } from './dto/camera-response.dto.js';
import { WsDiscoveryClient } from './ws-discovery.client.js';

@ApiTags('cameras')
@Controller('cameras')
export class CameraController {
  constructor(
    private readonly cameras: CameraService,
    private readonly presenter: CameraPresenter,
    private readonly prober: CameraProbe,
    private readonly discovery: WsDiscoveryClient,
  ) {}

  @Post()
  @Roles('ADMIN')
  @ApiOperation({
    operationId: 'createCamera',
    summary: 'Add a camera, by ONVIF or by a fixed stream address; it need not be switched on',
  })
  @ApiCreatedResponse({ description: 'The new camera', type: CameraResponse })
  @ApiProblems(
    'REQUEST.INVALID',
    'CAMERA.ADDRESS_NOT_ALLOWED',
    'CAMERA.HOST_UNKNOWN',
    'CAMERA.CREDENTIALS_TOO_LONG',
    'RETENTION.LIMIT_MISSING',
  )
  async create(@Body() body: CreateCameraDto): Promise<CameraResponse> {
    return this.presenter.present(await this.cameras.create(body));
  }

  @Get()
  @ApiOperation({ operationId: 'listCameras', summary: 'Every camera, the oldest first' })
  @ApiOkResponse({ description: 'A page of cameras', type: CameraListResponse })
  @ApiProblems('REQUEST.INVALID')
  async list(@Query() query: PageQuery): Promise<CameraListResponse> {
    return this.presenter.presentPage(await this.cameras.list(query.limit, readPosition(query)), query.limit);
  }

  @Post('discover')
  @HttpCode(200)
  @Roles('ADMIN')
  @ApiOperation({
    operationId: 'discoverCameras',
    summary: "Look for ONVIF cameras on this machine's networks (WS-Discovery)",
  })
  @ApiOkResponse({ description: 'What answered in time', type: DiscoverResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.DISCOVERY_FAILED')
  async discover(@Body() body: DiscoverDto): Promise<DiscoverResponse> {
    const data = await this.discovery.discover({ timeoutMs: body.timeoutMs });
    return { data, total: data.length };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getCamera', summary: 'One camera' })
  @ApiOkResponse({ description: 'The camera as it is now', type: CameraResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND')
  async get(@Param('id', UuidPipe) id: string): Promise<CameraResponse> {
    return this.presenter.present(await this.cameras.get(id));
  }

  @Patch(':id')
  @Roles('ADMIN')
  @ApiOperation({
    operationId: 'updateCamera',
    summary: 'Change a camera: what is left out stays, null clears. A running recording goes on as it began',
    description: 'But for `enabled: false`, which stops it.',
  })
  @ApiOkResponse({ description: 'The camera as it is now', type: CameraResponse })
  @ApiProblems(
    'REQUEST.INVALID',
    'CAMERA.ADDRESS_NOT_ALLOWED',
    'CAMERA.HOST_UNKNOWN',
    'CAMERA.CREDENTIALS_TOO_LONG',
    'RETENTION.LIMIT_MISSING',
    'CAMERA.NOT_FOUND',
  )
  async update(@Param('id', UuidPipe) id: string, @Body() body: UpdateCameraDto): Promise<CameraResponse> {
    return this.presenter.present(await this.cameras.update(id, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @Roles('ADMIN')
  @ApiOperation({
    operationId: 'deleteCamera',
    summary: 'Delete a camera and forget its passwords; its playbacks stay',
  })
  @ApiNoContentResponse({ description: 'It is gone' })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND', 'CAMERA.BUSY')
  async delete(@Param('id', UuidPipe) id: string): Promise<void> {
    await this.cameras.delete(id);
  }

  @Post(':id/probe')
  @HttpCode(200)
  @Roles('OPERATOR')
  @ApiOperation({
    operationId: 'probeCamera',
    summary: 'Look at the camera now: its streams, or one sentence on what is wrong',
  })
  @ApiOkResponse({ description: 'What was found; a camera that fails is an answer, too', type: ProbeResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND')
  async probe(@Param('id', UuidPipe) id: string): Promise<ProbeResponse> {
    return this.prober.probe(await this.cameras.get(id));
  }
}
