import { Global, Module } from '@nestjs/common';
import { IncidentController } from './incident.controller.js';
import { IncidentGauges } from './incident-gauges.js';
import { IncidentMonitor } from './incident-monitor.service.js';
import { IncidentRepository } from './incident.repository.js';
import { IncidentService } from './incident.service.js';

/** Global, so that every module can contribute checks. Takes DataSource, AppConfig, AppLogger, Clock and Metrics from global modules. */
@Global()
@Module({
  controllers: [IncidentController],
  providers: [IncidentGauges, IncidentMonitor, IncidentRepository, IncidentService],
  exports: [IncidentMonitor],
})
export class IncidentModule {}
