import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Bench } from './bench.js';

const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');
const PAGE = `<!doctype html><script src="hls.min.js"></script><video muted></video><script>
  const hls = new Hls();
  hls.loadSource('playlist.m3u8');
  hls.attachMedia(document.querySelector('video'));
  document.querySelector('video').play().catch(() => {});
</script>`;
const TYPES: Record<string, string> = {
  '/': 'text/html',
  '/hls.min.js': 'text/javascript',
  '/playlist.m3u8': 'application/vnd.apple.mpegurl',
};

/** What a stream shows at this moment, as finished files on a server that does nothing else, with the least page that plays them. */
export async function copyStream(bench: Bench, playlistUrl: string): Promise<string> {
  const text = await (await fetch(playlistUrl)).text();
  const files = new Map<string, Buffer>([
    ['/', Buffer.from(PAGE)],
    ['/hls.min.js', readFileSync(HLS_JS)],
  ]);
  const lines: string[] = [];
  for (const line of text.trim().split('\n')) {
    const uri = /^#EXT-X-MAP:URI="(.+)"/.exec(line)?.[1] ?? (line.startsWith('#') ? null : line);
    if (uri === null) {
      lines.push(line);
      continue;
    }
    const name = `${files.size}.mp4`;
    files.set(`/${name}`, Buffer.from(await (await fetch(new URL(uri, playlistUrl))).arrayBuffer()));
    lines.push(line.replace(uri, name));
  }
  files.set('/playlist.m3u8', Buffer.from(`${lines.join('\n')}\n#EXT-X-ENDLIST\n`));
  return serve(bench, files);
}

async function serve(bench: Bench, files: ReadonlyMap<string, Buffer>): Promise<string> {
  const server: Server = createServer(({ url = '/' }, response) => {
    const bytes = files.get(url);
    response.writeHead(bytes ? 200 : 404, { 'content-type': TYPES[url] ?? 'video/mp4' }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  bench.onClose(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
