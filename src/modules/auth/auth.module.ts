import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { AppConfig } from '../../config/app-config.js';
import { AdminBootstrapService } from './admin-bootstrap.service.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { JwtAuthGuard } from './jwt-auth.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LoginLimiter } from './login-limiter.js';
import { PasswordWork } from './password-work.js';
import { RolesGuard } from './roles.guard.js';
import { jwtKeyOf, TokenService } from './token.service.js';
import { UserController } from './user.controller.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

/** Guards every route of the application. Takes DataSource, AppConfig, AppLogger and Clock from global modules. */
@Global()
@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({ secret: jwtKeyOf(config) }),
    }),
  ],
  controllers: [AuthController, UserController],
  providers: [
    AdminBootstrapService,
    AuthService,
    JwtStrategy,
    LoginLimiter,
    PasswordWork,
    TokenService,
    UserRepository,
    UserService,
    JwtAuthGuard,
    RolesGuard,
    // In this order: who is it, then may they.
    { provide: APP_GUARD, useExisting: JwtAuthGuard },
    { provide: APP_GUARD, useExisting: RolesGuard },
  ],
  exports: [JwtAuthGuard],
})
export class AuthModule {}
