/** File systems take 255 bytes a name; the rest of ours has 21. */
const MAX_CAMERA_NAME_BYTES = 200;
/** Refused in file names by one system or another, invisible, or half a character. */
const UNSAFE = /[<>:"/\\|?*\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu;

/** What a downloaded playback is called: `{camera}-{UTC start}.mp4`, like `Front door-20260131T120000Z.mp4`. */
export function downloadName(cameraName: string, startedAt: Date): string {
  const start = startedAt
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
  return `${safeName(cameraName)}-${start}.mp4`;
}

function safeName(name: string): string {
  const clean = name.replace(UNSAFE, '-').replace(/^[\s.-]+|\s+$/gu, '');
  return cutBytes(clean, MAX_CAMERA_NAME_BYTES) || 'camera';
}

/** Never cuts through a character. */
function cutBytes(text: string, maxBytes: number): string {
  let cut = '';
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > maxBytes) break;
    cut += character;
  }
  return cut;
}
