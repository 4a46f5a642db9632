import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { LoginDto, LoginResponse } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { LoginLimiter } from './login-limiter.js';
import { PasswordWork } from './password-work.js';
import { Public } from './public.decorator.js';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly limiter: LoginLimiter,
    private readonly passwords: PasswordWork,
  ) {}

  @Post('login')
  @Public()
  @HttpCode(200)
  @ApiOperation({ operationId: 'login', summary: 'Exchange a username and a password for a token' })
  @ApiOkResponse({ description: 'The token, and what it is good for', type: LoginResponse })
  @ApiProblems('REQUEST.INVALID', 'AUTH.WRONG_CREDENTIALS', 'AUTH.TOO_MANY_LOGINS', 'AUTH.BUSY')
  async login(@Body() { username, password }: LoginDto, @Ip() address: string): Promise<LoginResponse> {
    // A login for which there is no room counts for nobody, and asks nothing of the database.
    this.passwords.checkRoom();
    this.limiter.take(address);
    return this.passwords.run(() => this.auth.login(username, password, address));
  }
}
