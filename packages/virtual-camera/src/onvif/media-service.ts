import type { Clip } from '../clip/clip.js';
import type { SoundCodec, VideoCodec } from '../clip/parameters.js';
import { BLANK_PATH } from '../oddities/blank-path.js';
import type { OnvifAction, OnvifDevice, OnvifRequest } from './device.js';
import { SNAPSHOT_PATH } from './device.js';
import { EMPTY_PROFILE, SOUND_WORDS, findProfile, listProfiles, withEmptyProfile } from './profiles.js';
import { escapeXml } from './soap.js';

const VIDEO_SOURCE = 'video-source';
const AUDIO_SOURCE = 'audio-source';
/** The first media service knows no H.265; cameras that answer it all the same write it so. */
const ENCODINGS: Record<VideoCodec, string> = { h264: 'H264', h265: 'H265', mjpeg: 'JPEG' };

/** The media service (ver10). */
export const MEDIA_ACTIONS: Record<string, OnvifAction> = {
  GetProfiles: (device) => {
    const profiles = listProfiles(device).map(({ token, clip }) =>
      profileXml('trt:Profiles', token, clip, device.streams),
    );
    const empty = `<trt:Profiles token="${EMPTY_PROFILE}"><tt:Name>${EMPTY_PROFILE}</tt:Name></trt:Profiles>`;
    return `<trt:GetProfilesResponse>${withEmptyProfile(profiles, empty, device)}</trt:GetProfilesResponse>`;
  },
  GetProfile: (device, request) => {
    const { token, clip } = findProfile(device, request);
    return `<trt:GetProfileResponse>${profileXml('trt:Profile', token, clip, device.streams)}</trt:GetProfileResponse>`;
  },
  GetStreamUri: (device, request) =>
    `<trt:GetStreamUriResponse>${mediaUriXml(streamUri(device, request))}</trt:GetStreamUriResponse>`,
  GetSnapshotUri: (device, request) =>
    `<trt:GetSnapshotUriResponse>${mediaUriXml(snapshotUri(device, request))}</trt:GetSnapshotUriResponse>`,
  GetVideoSources: ({ streams }) => {
    const { width, height, fps } = largestVideo(streams);
    return (
      `<trt:GetVideoSourcesResponse><trt:VideoSources token="${VIDEO_SOURCE}"><tt:Framerate>${fps}</tt:Framerate>` +
      `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>` +
      '</trt:VideoSources></trt:GetVideoSourcesResponse>'
    );
  },
  GetVideoSourceConfigurations: ({ streams }) => {
    const configuration = videoSourceXml('trt:Configurations', streams);
    return `<trt:GetVideoSourceConfigurationsResponse>${configuration}</trt:GetVideoSourceConfigurationsResponse>`;
  },
  GetVideoEncoderConfigurations: (device) => {
    const configurations = listProfiles(device).map(({ token, clip }) =>
      videoEncoderXml('trt:Configurations', token, clip),
    );
    return `<trt:GetVideoEncoderConfigurationsResponse>${configurations.join('')}</trt:GetVideoEncoderConfigurationsResponse>`;
  },
};

/** RTSP URL of the profile that the request names. */
export function streamUri(device: OnvifDevice, request: OnvifRequest): string {
  const { stream } = findProfile(device, request);
  const host = device.faults.onvifStreamUriHost ?? device.streamUriHost ?? request.localHost;
  const uri = `rtsp://${/:\d+$/.test(host) ? host : `${host}:${device.rtspPort}`}/${stream}`;
  const { onvifUri } = device.oddities;
  if (onvifUri === 'blank') return uri + BLANK_PATH;
  return onvifUri === 'line-breaks' ? `\r\n  ${uri}\r\n` : uri;
}

/** URL of a JPEG of the profile that the request names. */
export function snapshotUri(device: OnvifDevice, request: OnvifRequest): string {
  const { stream } = findProfile(device, request);
  return `${request.httpBase}${SNAPSHOT_PATH}${stream}.jpg`;
}

function mediaUriXml(uri: string): string {
  return (
    `<trt:MediaUri><tt:Uri>${escapeXml(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>` +
    '<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>'
  );
}

function profileXml(element: string, token: string, clip: Clip, streams: ReadonlyMap<string, Clip>): string {
  const audio =
    clip.audio === 'none' ? '' : audioSourceXml('tt:AudioSourceConfiguration') + audioEncoderXml(token, clip.audio);
  const name = `<tt:Name>${escapeXml(token)}</tt:Name>`;
  const video =
    videoSourceXml('tt:VideoSourceConfiguration', streams) +
    videoEncoderXml('tt:VideoEncoderConfiguration', token, clip);
  return `<${element} token="${token}" fixed="true">${name}${video}${audio}</${element}>`;
}

/** The video source configuration that all profiles share. */
export function videoSourceXml(element: string, streams: ReadonlyMap<string, Clip>): string {
  const { width, height } = largestVideo(streams);
  return (
    `<${element} token="${VIDEO_SOURCE}-configuration"><tt:Name>${VIDEO_SOURCE}</tt:Name>` +
    `<tt:UseCount>${streams.size}</tt:UseCount><tt:SourceToken>${VIDEO_SOURCE}</tt:SourceToken>` +
    `<tt:Bounds x="0" y="0" width="${width}" height="${height}"/></${element}>`
  );
}

/** The audio source configuration that all profiles share. */
export function audioSourceXml(element: string): string {
  return (
    `<${element} token="${AUDIO_SOURCE}-configuration"><tt:Name>${AUDIO_SOURCE}</tt:Name>` +
    `<tt:UseCount>1</tt:UseCount><tt:SourceToken>${AUDIO_SOURCE}</tt:SourceToken></${element}>`
  );
}

function videoEncoderXml(element: string, token: string, { video }: Clip): string {
  const gop = video.codec === 'mjpeg' ? 1 : video.gopSec * video.fps;
  const h264 = `<tt:H264><tt:GovLength>${gop}</tt:GovLength><tt:H264Profile>High</tt:H264Profile></tt:H264>`;
  return (
    `<${element} token="${token}-video"><tt:Name>${token}-video</tt:Name><tt:UseCount>1</tt:UseCount>` +
    `<tt:Encoding>${ENCODINGS[video.codec]}</tt:Encoding><tt:Resolution><tt:Width>${video.width}</tt:Width>` +
    `<tt:Height>${video.height}</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl>` +
    `<tt:FrameRateLimit>${video.fps}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>` +
    `<tt:BitrateLimit>${video.bitrateKbps}</tt:BitrateLimit></tt:RateControl>${video.codec === 'h264' ? h264 : ''}` +
    `<tt:SessionTimeout>PT60S</tt:SessionTimeout></${element}>`
  );
}

function audioEncoderXml(token: string, audio: SoundCodec): string {
  const { ver10: encoding, bitrate, sampleRate } = SOUND_WORDS[audio];
  if (encoding === undefined) return '';
  return (
    `<tt:AudioEncoderConfiguration token="${token}-audio"><tt:Name>${token}-audio</tt:Name><tt:UseCount>1</tt:UseCount>` +
    `<tt:Encoding>${encoding}</tt:Encoding><tt:Bitrate>${bitrate}</tt:Bitrate><tt:SampleRate>${sampleRate}</tt:SampleRate>` +
    '<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:AudioEncoderConfiguration>'
  );
}

function largestVideo(streams: ReadonlyMap<string, Clip>): Clip['video'] {
  const videos = [...streams.values()].map((clip) => clip.video);
  return videos.reduce((largest, video) => (video.width > largest.width ? video : largest));
}
