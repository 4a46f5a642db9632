import { type Box, findBox, Mp4Error, readBoxes } from './boxes.js';
import { buildBox } from './box-writer.js';
import type { InitSegment } from './init-segment.js';

/** What a sample description says of the pictures. */
export interface PictureDescription {
  width: number;
  height: number;
  /** Body of the `avcC` or `hvcC`; null: there is none. */
  config: Buffer | null;
}

const CONFIG_BOXES = ['avcC', 'hvcC'];
/** The shape of the pixels and what is cut off belong to pictures of the former size. */
const OUTDATED_BOXES = ['pasp', 'clap'];
const VISUAL_ENTRY_BYTES = 78;
/** `handler_type` in the body of an `hdlr` (14496-12, 8.4.3). */
const HANDLER_AT = 8;

/**
 * An init segment whose video is described anew (14496-12, 8.3.2 and 12.1.3); all else stays as it is, other tracks too.
 * @throws Mp4Error when it is damaged
 */
export function describePictures({ bytes }: Pick<InitSegment, 'bytes'>, pictures: PictureDescription): Buffer {
  const rewrite = (box: Box, path: string): Buffer => {
    const whole = bytes.subarray(box.start, box.end);
    switch (path) {
      case 'moov':
      case 'moov/trak/mdia':
      case 'moov/trak/mdia/minf':
      case 'moov/trak/mdia/minf/stbl':
        return buildBox(box.type, ...children(box, path));
      case 'moov/trak':
        return isVideo(bytes, box) ? buildBox(box.type, ...children(box, path)) : whole;
      case 'moov/trak/tkhd':
        return withSides(whole, pictures);
      case 'moov/trak/mdia/minf/stbl/stsd':
        return rewriteDescriptions(whole, pictures);
      default:
        return whole;
    }
  };
  const children = (box: Box, path: string) =>
    readBoxes(bytes, box.bodyStart, box.end).map((child) => rewrite(child, `${path}/${child.type}`));
  return Buffer.concat(readBoxes(bytes).map((box) => rewrite(box, box.type)));
}

function isVideo(bytes: Buffer, trak: Box): boolean {
  const hdlr = findBox(bytes, ['mdia', 'hdlr'], trak.bodyStart, trak.end);
  const at = (hdlr?.bodyStart ?? 0) + HANDLER_AT;
  return hdlr !== null && bytes.toString('latin1', at, at + 4) === 'vide';
}

/** Width and height are the last of a `tkhd`, in 16.16. */
function withSides(tkhd: Buffer, { width, height }: PictureDescription): Buffer {
  const sized = Buffer.from(tkhd);
  sized.writeUInt32BE(width * 0x1_0000, tkhd.length - 8);
  sized.writeUInt32BE(height * 0x1_0000, tkhd.length - 4);
  return sized;
}

function rewriteDescriptions(stsd: Buffer, pictures: PictureDescription): Buffer {
  const [box] = readBoxes(stsd);
  if (!box) throw new Mp4Error('no stsd');
  const from = box.bodyStart + 8;
  const entries = readBoxes(stsd, from, box.end).map(({ type, bodyStart, end }) => {
    const fields = Buffer.from(stsd.subarray(bodyStart, bodyStart + VISUAL_ENTRY_BYTES));
    fields.writeUInt16BE(pictures.width, 24);
    fields.writeUInt16BE(pictures.height, 26);
    const inner = readBoxes(stsd, bodyStart + VISUAL_ENTRY_BYTES, end)
      .filter((child) => !OUTDATED_BOXES.includes(child.type))
      .map((child) =>
        CONFIG_BOXES.includes(child.type) && pictures.config
          ? buildBox(child.type, pictures.config)
          : stsd.subarray(child.start, child.end),
      );
    return buildBox(type, fields, ...inner);
  });
  return buildBox('stsd', stsd.subarray(box.bodyStart, from), ...entries);
}
