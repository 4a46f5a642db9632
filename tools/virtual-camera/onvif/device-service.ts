import type { OnvifAction, OnvifDevice, OnvifRequest } from './device.js';
import { DEVICE_PATH, MEDIA2_PATH, MEDIA_PATH, deviceScopes } from './device.js';
import { escapeXml } from './soap.js';

/** Actions that everybody may call (ONVIF Core Specification, 5.9.4.3, access class PRE_AUTH). */
export const OPEN_ACTIONS = new Set([
  'GetSystemDateAndTime',
  'GetServices',
  'GetCapabilities',
  'GetServiceCapabilities',
  'GetHostname',
  'GetEndpointReference',
]);

const SERVICES = [
  ['http://www.onvif.org/ver10/device/wsdl', DEVICE_PATH],
  ['http://www.onvif.org/ver10/media/wsdl', MEDIA_PATH],
  ['http://www.onvif.org/ver20/media/wsdl', MEDIA2_PATH],
] as const;

/** The device management service. */
export const DEVICE_ACTIONS: Record<string, OnvifAction> = {
  GetSystemDateAndTime: ({ now }) => {
    const [date, time] = [now(), now()];
    const utc =
      `<tt:Time><tt:Hour>${time.getUTCHours()}</tt:Hour><tt:Minute>${time.getUTCMinutes()}</tt:Minute>` +
      `<tt:Second>${time.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${date.getUTCFullYear()}</tt:Year>` +
      `<tt:Month>${date.getUTCMonth() + 1}</tt:Month><tt:Day>${date.getUTCDate()}</tt:Day></tt:Date>`;
    return (
      '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>' +
      '<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>' +
      `<tt:UTCDateTime>${utc}</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`
    );
  },
  GetDeviceInformation: ({ name, endpointReference }) =>
    '<tds:GetDeviceInformationResponse><tds:Manufacturer>Hindsight</tds:Manufacturer>' +
    `<tds:Model>${escapeXml(name)}</tds:Model><tds:FirmwareVersion>1.0.0</tds:FirmwareVersion>` +
    `<tds:SerialNumber>${endpointReference.slice(-12)}</tds:SerialNumber><tds:HardwareId>virtual</tds:HardwareId>` +
    '</tds:GetDeviceInformationResponse>',
  GetServices: (_device, { httpBase }) => {
    const services = SERVICES.map(
      ([namespace, path]) =>
        `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${httpBase}${path}</tds:XAddr>` +
        '<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>',
    );
    return `<tds:GetServicesResponse>${services.join('')}</tds:GetServicesResponse>`;
  },
  GetCapabilities: (_device, { httpBase }) =>
    '<tds:GetCapabilitiesResponse><tds:Capabilities>' +
    `<tt:Device><tt:XAddr>${httpBase}${DEVICE_PATH}</tt:XAddr></tt:Device>` +
    `<tt:Media><tt:XAddr>${httpBase}${MEDIA_PATH}</tt:XAddr><tt:StreamingCapabilities>` +
    '<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>' +
    '</tt:StreamingCapabilities></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>',
  GetServiceCapabilities: () =>
    '<tds:GetServiceCapabilitiesResponse><tds:Capabilities><tds:Network IPFilter="false"/>' +
    '<tds:Security UsernameToken="true" HttpDigest="true"/><tds:System DiscoveryBye="false"/>' +
    '</tds:Capabilities></tds:GetServiceCapabilitiesResponse>',
  GetScopes: (device) => {
    const scopes = deviceScopes(device).map(
      (scope) =>
        `<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>${escapeXml(scope)}</tt:ScopeItem></tds:Scopes>`,
    );
    return `<tds:GetScopesResponse>${scopes.join('')}</tds:GetScopesResponse>`;
  },
  GetHostname: () =>
    '<tds:GetHostnameResponse><tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP>' +
    '<tt:Name>virtual-camera</tt:Name></tds:HostnameInformation></tds:GetHostnameResponse>',
  GetEndpointReference: ({ endpointReference }: OnvifDevice, _request: OnvifRequest) =>
    `<tds:GetEndpointReferenceResponse><tds:GUID>${endpointReference}</tds:GUID></tds:GetEndpointReferenceResponse>`,
};
