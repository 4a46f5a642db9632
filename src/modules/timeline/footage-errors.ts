import { AppError } from '../../common/errors.js';

export function rangeTooLong(most: string): AppError {
  return new AppError({ code: 'FOOTAGE.RANGE_TOO_LONG', values: { most } });
}

export function noFootage(): AppError {
  return new AppError({ code: 'FOOTAGE.NONE' });
}

export function footageElsewhere(): AppError {
  return new AppError({ code: 'FOOTAGE.ELSEWHERE' });
}

export function segmentNotFound(): AppError {
  return new AppError({ code: 'FOOTAGE.SEGMENT_NOT_FOUND' });
}

export function linkInvalid(): AppError {
  return new AppError({ code: 'FOOTAGE.LINK_INVALID' });
}
