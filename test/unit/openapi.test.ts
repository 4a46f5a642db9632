import { AuthModule } from '../../src/modules/auth/auth.module.js';
import { HealthModule } from '../../src/modules/health/health.module.js';
import { describeModule } from '../../src/openapi.js';
import { it } from '@jest/globals';
import { Module, Global } from '@nestjs/common';
import { CameraModule } from '../../src/modules/camera/camera.module.js';
import { DatabaseModule } from '../../src/modules/database/database.module.js';
import { JobsModule } from '../../src/modules/jobs/jobs.module.js';
import { StorageModule } from '../../src/modules/storage/storage.module.js';
import { Clock, SystemClock } from '../../src/common/clock.js';
import { AppLogger, createLogger } from '../../src/common/logging.js';
import { AppConfig, loadConfig } from '../../src/config/app-config.js';
const g = [{provide: Clock, useClass: SystemClock},{provide: AppLogger, useValue: createLogger('silent')},{provide:AppConfig,useValue:loadConfig({})}];
@Global() @Module({providers:g,exports:g}) class G {}
@Module({imports:[G,DatabaseModule, StorageModule, AuthModule, HealthModule, CameraModule]}) class Root {}
it('x', async () => { const d = await describeModule(Root); console.log(JSON.stringify(d,null,1).length, Object.keys(d.paths), JSON.stringify(d.paths['/users/{id}'],null,1).slice(0,6000)); console.log(JSON.stringify(d.paths['/health/ready'])) });
