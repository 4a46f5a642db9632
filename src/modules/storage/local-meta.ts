import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ObjectInfo } from './object-store.port.js';

/** What is kept beside an object in `.{name}.meta.json`. Size and time tie it to the very file it was written for. */
export interface Meta {
  contentType: string;
  /** Null for an object of parts. */
  sha256Hex: string | null;
  /** Without quotes. */
  etag: string;
  /** Of the upload that the object was put together in. */
  token?: string;
  sizeBytes: number;
  mtimeMs: number;
}

export function metaPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.meta.json`);
}

/** What a file says of itself and, when it is the one that the text was written for, what the text says of it. */
export function describeObject(file: Stats, metaText: string | null): { info: ObjectInfo; token: string | null } {
  const meta = parseMeta(metaText);
  const own = meta?.sizeBytes === file.size && meta.mtimeMs === file.mtimeMs ? meta : null;
  const info = {
    sizeBytes: file.size,
    contentType: own?.contentType ?? 'application/octet-stream',
    etag: `"${own?.etag ?? own?.sha256Hex ?? `${file.size.toString(16)}-${Math.trunc(file.mtimeMs).toString(16)}`}"`,
    sha256Hex: own?.sha256Hex ?? null,
    lastModified: new Date(file.mtimeMs),
  };
  return { info, token: own?.token ?? null };
}

/** A damaged description must not hide its object. Those of earlier versions have no `etag`: it was the SHA-256. */
function parseMeta(text: string | null): (Omit<Meta, 'etag'> & { etag?: string }) | null {
  try {
    return text === null ? null : (JSON.parse(text) as Meta | null);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
