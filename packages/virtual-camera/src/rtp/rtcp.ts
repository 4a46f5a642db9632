/** Seconds from 1900, where NTP counts from, to 1970. */
const NTP_EPOCH_SEC = 2_208_988_800;
const SENDER_REPORT = 200;
const SOURCE_DESCRIPTION = 202;
const CNAME = 1;

export interface SenderReport {
  ssrc: number;
  nowMs: number;
  /** RTP timestamp of the same instant. */
  timestamp: number;
  packets: number;
  bytes: number;
}

/** Compound RTCP packet: sender report and CNAME (RFC 3550, 6.4.1 and 6.5). */
export function buildSenderReport(report: SenderReport): Buffer {
  const name = Buffer.from('camera');
  const descriptionBytes = 8 + Math.ceil((name.length + 3) / 4) * 4;
  const packet = Buffer.alloc(28 + descriptionBytes);
  const seconds = Math.floor(report.nowMs / 1000);
  packet.set([0x80, SENDER_REPORT, 0, 6]);
  packet.writeUInt32BE(report.ssrc, 4);
  packet.writeUInt32BE((seconds + NTP_EPOCH_SEC) >>> 0, 8);
  packet.writeUInt32BE(Math.floor((report.nowMs / 1000 - seconds) * 2 ** 32), 12);
  packet.writeUInt32BE(report.timestamp, 16);
  packet.writeUInt32BE(report.packets >>> 0, 20);
  packet.writeUInt32BE(report.bytes >>> 0, 24);
  packet.set([0x81, SOURCE_DESCRIPTION, 0, descriptionBytes / 4 - 1], 28);
  packet.writeUInt32BE(report.ssrc, 32);
  packet.set([CNAME, name.length, ...name], 36);
  return packet;
}
