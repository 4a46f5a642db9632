import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import type { UserRole } from '../../schema/user.entity.js';
import { INT32 } from '../../common/api-schemas.js';
import { ROLE } from '../../schema/named-enums.js';

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

  @ApiProperty({ enum: ['Bearer'], description: 'How to send it', example: 'Bearer' })
  tokenType!: 'Bearer';

  @ApiProperty({ ...INT32, description: 'Life of the token in seconds', example: 86_400 })
  expiresIn!: number;

  @ApiProperty({ ...ROLE, example: 'ADMIN' })
  role!: UserRole;
}
