import { ApiProperty } from '@nestjs/swagger';

const ADDRESS = 'http://localhost:3000/playbacks/6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const QUERY = 'expires=1769860800&signature=kO3v…';

export class StreamUrlResponse {
  @ApiProperty({ description: 'For players', example: `${ADDRESS}/stream/playlist.m3u8?${QUERY}` })
  playlistUrl!: string;

  @ApiProperty({ description: 'A page with a player, for people', example: `${ADDRESS}/watch?${QUERY}` })
  watchUrl!: string;

  @ApiProperty({ type: 'string', format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  expiresAt!: string;
}
