import { Module } from '@nestjs/common';
import { AddressPolicy } from './address-policy.service.js';
import { CameraProbe } from './camera-probe.service.js';
import { CameraSecrets } from './camera-secrets.js';
import { CameraIncidents } from './camera-incidents.js';
import { CameraGauges } from './camera-gauges.js';
import { CameraController } from './camera.controller.js';
import { CameraPresenter } from './camera.presenter.js';
import { CameraStatusRepository } from './camera-status.repository.js';
import { CameraRules } from './camera-rules.js';
import { CameraRepository } from './camera.repository.js';
import { CameraService } from './camera.service.js';
import { CamerasByStateRepository } from './cameras-by-state.repository.js';
import { CredentialCipher } from './credential.cipher.js';
import { OnvifClient } from './onvif.client.js';
import { SilentCamerasRepository } from './silent-cameras.repository.js';
import { StreamLocator } from './stream-locator.service.js';
import { WarmCameraRepository } from './warm-camera.repository.js';
import { WsDiscoveryClient } from './ws-discovery.client.js';

/** The registry of cameras and the way to their streams. Takes DataSource, AppConfig, AppLogger, Metrics and IncidentMonitor from global modules. */
@Module({
  controllers: [CameraController],
  providers: [
    AddressPolicy,
    CameraGauges,
    CameraIncidents,
    CamerasByStateRepository,
    CameraPresenter,
    CameraProbe,
    CameraRepository,
    CameraRules,
    CameraSecrets,
    CameraService,
    CameraStatusRepository,
    CredentialCipher,
    OnvifClient,
    SilentCamerasRepository,
    StreamLocator,
    WarmCameraRepository,
    WsDiscoveryClient,
  ],
  exports: [
    AddressPolicy,
    CameraRepository,
    CameraRules,
    CameraService,
    CameraStatusRepository,
    StreamLocator,
    WarmCameraRepository,
  ],
})
export class CameraModule {}
