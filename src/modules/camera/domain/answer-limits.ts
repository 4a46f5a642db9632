/**
 * What a device's answer may have. All of it is parsed in the process that records other cameras, so each number is far above what devices
 * send, and low enough that an answer at every limit at once is parsed within some tens of milliseconds.
 */
export const ANSWER_LIMITS = {
  /** Status line and headers of an RTSP answer; two Digest challenges and all the rest are below 2 KiB. */
  rtspHeadBytes: 16 * 1024,
  /** Lines of an RTSP head; devices send 5 to 20. */
  rtspHeaders: 100,
  /** A session description is 1 to 4 KiB. */
  rtspBodyBytes: 64 * 1024,
  /** Lines of a session description; a camera with video, sound, metadata and a backchannel has some 50. */
  sdpLines: 1_000,
  /** Streams of one session description; cameras have up to 5. */
  sdpStreams: 32,
  /** `WWW-Authenticate` values, and challenges in them; devices offer one or two. */
  challenges: 16,
  /** A recorder with a hundred profiles answers with some hundred kilobytes. */
  soapBytes: 1024 * 1024,
  /** Elements and attributes of a SOAP answer: a profile has 50 to 120, and a recorder up to a hundred and twenty-eight profiles. */
  soapElements: 15_000,
  /** How deep elements of a SOAP answer may lie in each other; devices: up to 12. */
  soapDepth: 64,
  /** A discovery answer; the specification wants it in one packet of the network, and devices stay below 4 KiB. */
  discoveryBytes: 16 * 1024,
  /** Addresses that are looked at in one discovery answer; a device has one for each of its networks. */
  discoveryAddresses: 8,
  /** Scopes that are looked at in one discovery answer; devices have 5 to 20. */
  discoveryScopes: 100,
  /** Discovery answers that are read from one network: 512 devices, each asked twice, and as many again. */
  discoveryAnswers: 2_048,
} as const;
