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

const NOT_FOUND = {
  status: 404,
  code: 'CAMERA.NOT_FOUND',
  detail: 'There is no camera 6f9619ff-8b86-4d01-b42d-00cf4fc964ff.',
};
const BUSY = {
  status: 409,
  code: 'CAMERA.BUSY',
  detail: 'The camera has a recording that is not finished: stop it and wait until it is stored.',
};
const NOT_ALLOWED = {
  status: 400,
  code: 'CAMERA.ADDRESS_NOT_ALLOWED',
  detail:
    'The address 203.0.113.9 is outside the networks where cameras may be: add its network to CAMERA_ALLOWED_CIDRS if it is a camera.',
};
const UNKNOWN_HOST = {
  status: 400,
  code: 'CAMERA.HOST_UNKNOWN',
  detail: 'The host camera-3.lan is not known to DNS: check the spelling, or use the IP address.',
};
const NO_MULTICAST = {
  status: 503,
  code: 'CAMERA.DISCOVERY_FAILED',
  detail: 'Cameras cannot be looked for: no network of this machine carries multicast.',
};

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
  @ApiOperation({ summary: 'Add a camera, by ONVIF or by a fixed stream address; it need not be switched on' })
  @ApiCreatedResponse({ type: CameraResponse })
  @ApiProblems(400, NOT_ALLOWED, UNKNOWN_HOST, 403)
  async create(@Body() body: CreateCameraDto): Promise<CameraResponse> {
    return this.presenter.present(await this.cameras.create(body));
  }

  @Get()
  @ApiOperation({ summary: 'Every camera, the oldest first' })
  @ApiOkResponse({ type: CameraListResponse })
  @ApiProblems(400)
  async list(@Query() query: PageQuery): Promise<CameraListResponse> {
    return this.presenter.presentPage(await this.cameras.list(query.limit, readPosition(query)), query.limit);
  }

  @Post('discover')
  @HttpCode(200)
  @Roles('ADMIN')
  @ApiOperation({ summary: "Look for ONVIF cameras on this machine's networks (WS-Discovery)" })
  @ApiOkResponse({ type: DiscoverResponse })
  @ApiProblems(400, 403, NO_MULTICAST)
  async discover(@Body() body: DiscoverDto): Promise<DiscoverResponse> {
    const data = await this.discovery.discover({ timeoutMs: body.timeoutMs });
    return { data, total: data.length };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One camera' })
  @ApiOkResponse({ type: CameraResponse })
  @ApiProblems(400, NOT_FOUND)
  async get(@Param('id', UuidPipe) id: string): Promise<CameraResponse> {
    return this.presenter.present(await this.cameras.get(id));
  }

  @Patch(':id')
  @Roles('ADMIN')
  @ApiOperation({
    summary: 'Change a camera: what is left out stays, null clears. A running recording goes on as it began',
    description: 'But for `enabled: false`, which stops it.',
  })
  @ApiOkResponse({ type: CameraResponse })
  @ApiProblems(400, NOT_ALLOWED, UNKNOWN_HOST, 403, NOT_FOUND)
  async update(@Param('id', UuidPipe) id: string, @Body() body: UpdateCameraDto): Promise<CameraResponse> {
    return this.presenter.present(await this.cameras.update(id, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @Roles('ADMIN')
  @ApiOperation({ summary: 'Delete a camera and forget its passwords; its playbacks stay' })
  @ApiNoContentResponse()
  @ApiProblems(400, 403, NOT_FOUND, BUSY)
  async delete(@Param('id', UuidPipe) id: string): Promise<void> {
    await this.cameras.delete(id);
  }

  @Post(':id/probe')
  @HttpCode(200)
  @Roles('OPERATOR')
  @ApiOperation({ summary: 'Look at the camera now: its streams, or one sentence on what is wrong' })
  @ApiOkResponse({ type: ProbeResponse })
  @ApiProblems(400, 403, NOT_FOUND)
  async probe(@Param('id', UuidPipe) id: string): Promise<ProbeResponse> {
    return this.prober.probe(await this.cameras.get(id));
  }
}
