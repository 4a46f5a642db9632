import { Injectable, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { invalidInput } from './validation.pipe.js';

/** A path parameter that must be a UUID: `@Param('id', UuidPipe) id: string`. */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!isUUID(value)) throw invalidInput([{ field: 'id', message: 'id must be a UUID' }]);
    return value.toLowerCase();
  }
}
