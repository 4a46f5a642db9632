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
  @ApiOperation({ summary: 'Exchange a username and a password for a token' })
  @ApiOkResponse({ type: LoginResponse })
  @ApiProblems(
    400,
    { status: 401, code: 'AUTH.WRONG_CREDENTIALS', detail: 'The username or the password is wrong.' },
    { status: 429, code: 'AUTH.TOO_MANY_LOGINS', detail: 'Too many logins from this address: try again in 42 s.' },
    {
      status: 503,
      code: 'AUTH.BUSY',
      detail: 'More people log in than can be checked now: try again in a moment.',
    },
  )
  async login(@Body() { username, password }: LoginDto, @Ip() address: string): Promise<LoginResponse> {
    // A login for which there is no room counts for nobody, and asks nothing of the database.
    this.passwords.checkRoom();
    this.limiter.take(address);
    return this.passwords.run(() => this.auth.login(username, password, address));
  }
}
