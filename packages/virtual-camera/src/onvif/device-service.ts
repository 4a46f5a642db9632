import { clockAnswer } from './clock-answer.js';
import type { OnvifAction, OnvifDevice, OnvifRequest } from './device.js';
import { DEVICE_PATH, MEDIA2_PATH, MEDIA_PATH, deviceScopes } from './device.js';
import { hasService, mediaBase } from './services.js';
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
  GetSystemDateAndTime: clockAnswer,
  GetDeviceInformation: ({ name, endpointReference }) =>
    '<tds:GetDeviceInformationResponse><tds:Manufacturer>Hindsight</tds:Manufacturer>' +
    `<tds:Model>${escapeXml(name)}</tds:Model><tds:FirmwareVersion>1.0.0</tds:FirmwareVersion>` +
    `<tds:SerialNumber>${endpointReference.slice(-12)}</tds:SerialNumber><tds:HardwareId>virtual</tds:HardwareId>` +
    '</tds:GetDeviceInformationResponse>',
  GetServices: (device, request) => {
    const isNamed = (path: string) =>
      path === DEVICE_PATH || (hasService(device, path, 'all') && !device.oddities.onvifMediaHidden);
    const services = SERVICES.filter(([, path]) => isNamed(path)).map(([namespace, path]) => {
      const base = path === DEVICE_PATH ? request.httpBase : mediaBase(device, request);
      return (
        `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${base}${path}</tds:XAddr>` +
        '<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>'
      );
    });
    return `<tds:GetServicesResponse>${services.join('')}</tds:GetServicesResponse>`;
  },
  GetCapabilities: (device, request) => {
    const media =
      `<tt:Media><tt:XAddr>${mediaBase(device, request)}${MEDIA_PATH}</tt:XAddr><tt:StreamingCapabilities>` +
      '<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>' +
      '</tt:StreamingCapabilities></tt:Media>';
    return (
      '<tds:GetCapabilitiesResponse><tds:Capabilities>' +
      `<tt:Device><tt:XAddr>${request.httpBase}${DEVICE_PATH}</tt:XAddr></tt:Device>` +
      `${hasService(device, MEDIA_PATH, 'all') ? media : ''}</tds:Capabilities></tds:GetCapabilitiesResponse>`
    );
  },
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
