import type { Readable } from 'node:stream';
import type { ByteRange } from './domain/byte-range.js';

export interface PutResult {
  sizeBytes: number;
  /** In quotes, as HTTP has it. */
  etag: string;
}

export interface ObjectInfo extends PutResult {
  contentType: string;
  /** Only of an object that came from memory: null for one that came as a file or in parts, and for one that somebody else put there. */
  sha256Hex: string | null;
  lastModified: Date;
}

export interface SignedUrlOptions {
  /** 1 to 604,800 (a week, the longest that R2 and S3 sign for). */
  ttlSec: number;
  /** Set: the browser saves the object under this name instead of showing it. */
  downloadFileName?: string | undefined;
}

/** An object that is being put together out of parts. Everything that another process needs to go on with it. */
export interface PartsTarget {
  key: string;
  uploadId: string;
  /** Kept with the object, so that it can be told from another one of the same size. */
  token: string;
  /** Of every part but the last one. At least 5 MiB for R2. */
  partSizeBytes: number;
}

/** A part as the store has it. */
export interface StoredPart {
  /** From 1 on, 10,000 at most. */
  number: number;
  etag: string;
  sizeBytes: number;
}

export interface BeginPartsOptions {
  contentType: string;
  partSizeBytes: number;
  signal?: AbortSignal | undefined;
}

export interface PutBytesOptions {
  contentType: string;
  signal?: AbortSignal | undefined;
}

export interface PutFileOptions {
  contentType: string;
  /** What the file has, and must have when it is opened to be stored. */
  sizeBytes: number;
  /** 32 hexadecimal digits; unset: the file is read once more, for it. */
  md5Hex?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Some bytes of an object, all of which it must have: other than for a read, nothing behind its end is cut off. */
export interface CopySource {
  key: string;
  range: ByteRange;
}

export interface ListOptions {
  /** Only keys behind this one; it need not be the key of an object. */
  after?: string | undefined;
  /** 1 to 1,000; 1,000 unless told. */
  limit?: number | undefined;
}

export interface ListedObject {
  key: string;
  sizeBytes: number;
  /** `putFile` says what it is in local storage. */
  lastModified: Date;
}

export interface ObjectList {
  /** By key, in the order of its bytes. */
  objects: ListedObject[];
  /** Whether there were more keys: ask again with `after` the last one of these. */
  more: boolean;
}

/** A key whose object is still there for all that is known, and why. */
export interface FailedDelete {
  key: string;
  code: 'STORAGE.UNAVAILABLE' | 'STORAGE.DENIED' | 'STORAGE.REJECTED';
}

/** Parts that wait to become an object. */
export interface OpenUpload {
  key: string;
  uploadId: string;
  startedAt: Date;
}

/**
 * Where finished objects are kept. The class doubles as the injection token.
 *
 * Every method throws only AppError:
 * `STORAGE.BAD_KEY`, `STORAGE.NOT_FOUND`, `STORAGE.BAD_RANGE` (it starts behind the end);
 * `STORAGE.UNAVAILABLE` (network, time-out, 5xx, disk full: try again later);
 * `STORAGE.DENIED` (credentials, bucket or permissions: try again once an operator has mended them);
 * `STORAGE.REJECTED` (the store refuses this very request, or its rules do: trying again does not help);
 * `STORAGE.CANCELLED` (by the caller's signal).
 */
export abstract class ObjectStore {
  /** Where all addresses of its objects begin (`https://host:port`); null when objects have none, so that the service must serve them itself. */
  abstract readonly origin: string | null;

  /**
   * Stores a small object from memory and sees it there, with its size and SHA-256, before it answers; an object of that key is replaced as
   * a whole, in one step. Failed or cancelled, it leaves the old object or the new one, and no part of either.
   * @throws also `STORAGE.MISMATCH`
   */
  abstract putBytes(key: string, bytes: Buffer, options: PutBytesOptions): Promise<PutResult>;

  /**
   * Stores a whole file as one object, in one request that streams it from the disk, and makes sure of it by the store's digest of what
   * arrived (its entity tag, where that is an MD5; else the object is looked at, with its size and its digest). An object of that key is
   * replaced as a whole, in one step. Failed or cancelled, it leaves the old object or the new one, and no part of either; a store that keeps
   * other bytes than it got, and says so by its tag, has those under the key.
   *
   * Nobody may ever change the file in place. Once this has answered, its own name may go. Where local storage and the file are in one file
   * system, the object is a second name of it: `lastModified` is when the file was written last, and a digest that the caller gives is taken
   * at its word. Elsewhere local storage copies the file and compares. R2 and S3 take up to 5 GiB in one request.
   * @throws also `STORAGE.REJECTED` (there is no such file, it has another size or becomes shorter meanwhile: nothing of it is stored),
   * `STORAGE.MISMATCH` (the store got or keeps other bytes than those of the digest)
   */
  abstract putFile(key: string, path: string, options: PutFileOptions): Promise<PutResult>;

  /**
   * Begins an object of parts; nothing of it is seen under its key before `completeParts`. Each key has one upload at a time:
   * to begin another may end one that holds no parts. Failed, it leaves none behind that `listUploads` would not find.
   */
  abstract beginParts(key: string, options: BeginPartsOptions): Promise<PartsTarget>;

  /**
   * Stores one part, again if it is there already, and compares the store's digest with the bytes. Parts may come in any order and side by
   * side; each is in memory until it is stored. None is larger than was announced, and none but the last one smaller.
   * @throws also `STORAGE.UPLOAD_GONE` (somebody ended the upload: begin again), `STORAGE.MISMATCH` (the store keeps other bytes)
   */
  abstract putPart(target: PartsTarget, number: number, bytes: Buffer, signal?: AbortSignal): Promise<StoredPart>;

  /**
   * Stores one part out of another object of this store, without its bytes coming here, again if it is there already. The rules of `putPart`
   * hold for it: a range is no larger than the announced size, and none but the last part's smaller. The store copies on its own, and answers
   * only its tag of what it wrote: there is no digest of ours to compare that with, so a copy is as good as the store's word.
   * @throws also `STORAGE.NOT_FOUND` (there is no such source), `STORAGE.BAD_RANGE` (the source does not have all of the range),
   * `STORAGE.UPLOAD_GONE` (somebody ended the upload: begin again)
   */
  abstract copyPart(target: PartsTarget, number: number, source: CopySource, signal?: AbortSignal): Promise<StoredPart>;

  /** The parts that the store has, by number; null when it knows no such upload, also because it is completed. */
  abstract listParts(target: PartsTarget): Promise<StoredPart[] | null>;

  /**
   * Makes the parts 1 to n one object and sees it there, with the sum of their sizes, before it answers. Safe to call again when its
   * answer was lost, by another process too. The parts must be all that the store has, by number.
   * @throws also `STORAGE.UPLOAD_GONE` (and the object is not there either: begin again),
   * `STORAGE.MISMATCH` (the store has other parts: list them again; or it has not got the object)
   */
  abstract completeParts(target: PartsTarget, parts: readonly StoredPart[], signal?: AbortSignal): Promise<ObjectInfo>;

  /** Throws the parts away; an upload that is gone is fine. */
  abstract abortParts(target: Pick<PartsTarget, 'key' | 'uploadId'>): Promise<void>;

  /** Uploads that were begun and neither completed nor aborted, of keys with that prefix. */
  abstract listUploads(prefix: string): Promise<OpenUpload[]>;

  /** What is known of an object, or null when there is none. */
  abstract head(key: string): Promise<ObjectInfo | null>;

  /** The object's bytes, all or the given ones (an end behind the last byte is cut off). Destroy the stream to stop early. */
  abstract openRead(key: string, range?: ByteRange): Promise<Readable>;

  /** Removes an object and what unfinished uploads of it left behind. An object that is not there is fine. */
  abstract delete(key: string): Promise<void>;

  /**
   * Removes 1 to 1,000 objects, in one request where the store has such a request; one that is not there is fine. Answers the keys that could
   * not be deleted: `STORAGE.UNAVAILABLE` of them may be tried again. It is for objects that were stored whole: other than `delete` it does not
   * ask for unfinished uploads of each key, which would be a request or more for every one. Those stay, and `listUploads` finds them.
   * @throws only when none of it was done, or nobody knows: it may be called again with the same keys
   */
  abstract deleteMany(keys: readonly string[]): Promise<FailedDelete[]>;

  /**
   * The objects whose keys begin with `prefix`, which may end in the middle of a name, page by page in the ascending order of the keys' bytes.
   * What is stored or deleted meanwhile may be missing or not. Objects that others keep there under names that are no keys (see
   * `STORAGE.BAD_KEY`) are left out, and so is what is not an object yet or any more: uploads, and local storage's files of its own.
   */
  abstract list(prefix: string, options?: ListOptions): Promise<ObjectList>;

  /** The lasting public address of an object, or null when objects have none. */
  abstract publicUrl(key: string): string | null;

  /** An address that lets anybody read the object for a while, or null when the service must serve it itself. */
  abstract signedUrl(key: string, options: SignedUrlOptions): Promise<string | null>;

  /** Resolves when the store can be used, within seconds; throws `STORAGE.UNAVAILABLE` or `STORAGE.DENIED` with what to look at. */
  abstract check(): Promise<void>;
}

/** Where footage of continuous cameras is kept, which may be another place than that of playbacks. The class is the injection token. */
export abstract class FootageStore extends ObjectStore {}

/** Hears what is stored, for the metrics. Provide it globally to be told; without a provider nobody is. */
export abstract class StorageObserver {
  abstract uploaded(bytes: number): void;
  abstract uploadFailed(): void;
}
