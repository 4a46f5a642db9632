import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { USER_ROLES, type UserRole } from '../../schema/user.entity.js';

export class LoginDto {
  @ApiProperty({ example: 'admin', maxLength: 100 })
  @IsString()
  @Length(1, 100)
  username!: string;

  @ApiProperty({ example: 'correct horse battery', maxLength: 200 })
  @IsString()
  @Length(1, 200)
  password!: string;
}

export class LoginResponse {
  @ApiProperty({ description: 'For the header "Authorization: Bearer …"', example: 'eyJhbGciOiJIUzI1NiIs…' })
  accessToken!: string;

  @ApiProperty({ enum: ['Bearer'] })
  tokenType!: 'Bearer';

  @ApiProperty({ description: 'Life of the token in seconds', example: 86_400 })
  expiresIn!: number;

  @ApiProperty({ enum: USER_ROLES, example: 'ADMIN' })
  role!: UserRole;
}
