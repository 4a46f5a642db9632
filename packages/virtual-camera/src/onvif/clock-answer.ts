import type { OnvifDevice } from './device.js';

/** The device's clock in UTC, or in local time alone. */
export function clockAnswer({ now, oddities: { onvifLocalTimeHours: hours } }: OnvifDevice): string {
  const zone = hours === null ? 'UTC0' : `LOC${-hours}`;
  const element = hours === null ? 'tt:UTCDateTime' : 'tt:LocalDateTime';
  const time = new Date(now().getTime() + (hours ?? 0) * 3_600_000);
  return (
    '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>' +
    // A time zone of POSIX counts to the west (ONVIF Core Specification, 8.3.5).
    `<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>${zone}</tt:TZ></tt:TimeZone>` +
    `<${element}>${dateTimeXml(time)}</${element}></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`
  );
}

function dateTimeXml(time: Date): string {
  return (
    `<tt:Time><tt:Hour>${time.getUTCHours()}</tt:Hour><tt:Minute>${time.getUTCMinutes()}</tt:Minute>` +
    `<tt:Second>${time.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${time.getUTCFullYear()}</tt:Year>` +
    `<tt:Month>${time.getUTCMonth() + 1}</tt:Month><tt:Day>${time.getUTCDate()}</tt:Day></tt:Date>`
  );
}
