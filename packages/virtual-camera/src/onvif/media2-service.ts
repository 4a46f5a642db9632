import type { Clip } from '../clip/clip.js';
import type { SoundCodec } from '../clip/parameters.js';
import type { OnvifAction } from './device.js';
import { audioSourceXml, snapshotUri, streamUri, videoSourceXml } from './media-service.js';
import { EMPTY_PROFILE, SOUND_WORDS, listProfiles, withEmptyProfile } from './profiles.js';
import { escapeXml, findText } from './soap.js';

const VIDEO_ENCODINGS = { h264: 'H264', h265: 'H265', mjpeg: 'JPEG' };

/** The second media service (ver20), which cameras with H.265 have. */
export const MEDIA2_ACTIONS: Record<string, OnvifAction> = {
  GetProfiles: (device, { xml }) => {
    const wanted = findText(xml, 'Token');
    const profiles = listProfiles(device)
      .filter(({ token }) => wanted === undefined || token === wanted)
      .map(({ token, clip }) => profileXml(token, clip, device.streams));
    const empty = `<tr2:Profiles token="${EMPTY_PROFILE}" fixed="false"><tr2:Name>${EMPTY_PROFILE}</tr2:Name></tr2:Profiles>`;
    return `<tr2:GetProfilesResponse>${withEmptyProfile(profiles, empty, device)}</tr2:GetProfilesResponse>`;
  },
  GetStreamUri: (device, request) => {
    const uri = escapeXml(streamUri(device, request));
    return `<tr2:GetStreamUriResponse><tr2:Uri>${uri}</tr2:Uri></tr2:GetStreamUriResponse>`;
  },
  GetSnapshotUri: (device, request) => {
    const uri = escapeXml(snapshotUri(device, request));
    return `<tr2:GetSnapshotUriResponse><tr2:Uri>${uri}</tr2:Uri></tr2:GetSnapshotUriResponse>`;
  },
  GetVideoSourceConfigurations: ({ streams }) => {
    const configuration = videoSourceXml('tr2:Configurations', streams);
    return `<tr2:GetVideoSourceConfigurationsResponse>${configuration}</tr2:GetVideoSourceConfigurationsResponse>`;
  },
  GetVideoEncoderConfigurations: (device) => {
    const configurations = listProfiles(device).map(({ token, clip }) =>
      videoEncoderXml('tr2:Configurations', token, clip),
    );
    return `<tr2:GetVideoEncoderConfigurationsResponse>${configurations.join('')}</tr2:GetVideoEncoderConfigurationsResponse>`;
  },
};

function profileXml(token: string, clip: Clip, streams: ReadonlyMap<string, Clip>): string {
  const audio = clip.audio === 'none' ? '' : audioSourceXml('tr2:AudioSource') + audioEncoderXml(token, clip.audio);
  const video = videoSourceXml('tr2:VideoSource', streams) + videoEncoderXml('tr2:VideoEncoder', token, clip);
  return (
    `<tr2:Profiles token="${token}" fixed="true"><tr2:Name>${escapeXml(token)}</tr2:Name>` +
    `<tr2:Configurations>${video}${audio}</tr2:Configurations></tr2:Profiles>`
  );
}

function videoEncoderXml(element: string, token: string, { video }: Clip): string {
  const gop = video.codec === 'mjpeg' ? 1 : video.gopSec * video.fps;
  return (
    `<${element} token="${token}-video" GovLength="${gop}"><tt:Name>${token}-video</tt:Name><tt:UseCount>1</tt:UseCount>` +
    `<tt:Encoding>${VIDEO_ENCODINGS[video.codec]}</tt:Encoding><tt:Resolution><tt:Width>${video.width}</tt:Width>` +
    `<tt:Height>${video.height}</tt:Height></tt:Resolution><tt:RateControl ConstantBitRate="false">` +
    `<tt:FrameRateLimit>${video.fps}</tt:FrameRateLimit><tt:BitrateLimit>${video.bitrateKbps}</tt:BitrateLimit>` +
    `</tt:RateControl><tt:Quality>5</tt:Quality></${element}>`
  );
}

function audioEncoderXml(token: string, audio: SoundCodec): string {
  const { ver20: encoding, bitrate, sampleRate } = SOUND_WORDS[audio];
  return (
    `<tr2:AudioEncoder token="${token}-audio"><tt:Name>${token}-audio</tt:Name><tt:UseCount>1</tt:UseCount>` +
    `<tt:Encoding>${encoding}</tt:Encoding><tt:Bitrate>${bitrate}</tt:Bitrate>` +
    `<tt:SampleRate>${sampleRate}</tt:SampleRate></tr2:AudioEncoder>`
  );
}
