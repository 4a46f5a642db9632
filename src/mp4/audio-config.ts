/** What an AudioSpecificConfig says (14496-3, 1.6.2.1). */
export interface AudioConfig {
  /** 2: AAC-LC. */
  objectType: number;
  channels: number;
  sampleRate: number;
  /** Samples of one frame, per channel. */
  frameSamples: number;
}

const SAMPLE_RATES = [96, 88.2, 64, 48, 44.1, 32, 24, 22.05, 16, 12, 11.025, 8, 7.35].map((khz) => khz * 1_000);
const ESCAPED_OBJECT_TYPE = 31;
const EXPLICIT_SAMPLE_RATE = 15;

/** Reads an AudioSpecificConfig; null when it says things that cameras do not say. */
export function readAudioConfig(config: Buffer): AudioConfig | null {
  if (config.length < 2) return null;
  const bits = config.readUInt16BE(0);
  const objectType = bits >> 11;
  const rateIndex = (bits >> 7) & 0xf;
  const channels = (bits >> 3) & 0xf;
  const sampleRate = SAMPLE_RATES[rateIndex];
  if (objectType === ESCAPED_OBJECT_TYPE || rateIndex === EXPLICIT_SAMPLE_RATE || sampleRate === undefined) return null;
  return { objectType, channels, sampleRate, frameSamples: bits & 0b100 ? 960 : 1_024 };
}
