import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isCalendarDate, isTimeZone } from './local-days.js';

/** A date without a time, like `2026-10-25`. */
export const IsCalendarDate = (options?: ValidationOptions) =>
  ValidateBy(
    {
      name: 'isCalendarDate',
      validator: {
        validate: (value) => typeof value === 'string' && isCalendarDate(value),
        defaultMessage: () => '$property must be a date from 1970 to 2200, like 2026-10-25',
      },
    },
    options,
  );

/** The name of a time zone that this process knows. */
export const IsTimeZoneName = () =>
  ValidateBy({
    name: 'isTimeZoneName',
    validator: {
      validate: (value) => typeof value === 'string' && isTimeZone(value),
      defaultMessage: () => '$property must be the name of a time zone, like Europe/Berlin or UTC',
    },
  });
