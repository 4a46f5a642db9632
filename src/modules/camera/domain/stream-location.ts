/** Where a camera's stream is right now, checked against the address policy. Never log it whole: it holds a password. */
export interface StreamLocation {
  /** Without credentials. With rtsp the host is the checked address; with rtsps it keeps its name, which TLS sends. */
  url: string;
  /** The checked IP address that `url` leads to, without brackets. */
  address: string;
  port: number;
  username?: string;
  password?: string;
  source: 'rtspUrl' | 'onvif';
  /** The ONVIF profile, also when it was chosen here. */
  profileToken?: string;
}
