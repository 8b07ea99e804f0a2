import type { Readable } from 'node:stream'
import type { Disk, Stage, StoredBlob } from '@darkroom/contracts'

export interface BlobId {
  key: string
  stage: Stage
}

export interface PutOptions {
  contentType: string
  /** Fencing token of the writer; 0 for a blob that is written once. */
  fence: number
}

export type PutOutcome =
  | { kind: 'stored'; blob: StoredBlob }
  /** The stored bytes have a newer fencing token; nothing changed. */
  | { kind: 'fenced'; newest: number }
  /** The condition of the write is false; nothing changed. `blob` describes the bytes that are not stored. */
  | { kind: 'refused'; blob: StoredBlob }

/** A blob as it was when it was opened: later writes don't change what is read. It must be closed. */
export interface OpenBlob extends AsyncDisposable {
  readonly blob: StoredBlob
  readonly modifiedAt: Date
  /** The bytes from `start` to `end`, both included. A stream closes the blob when it ends. */
  read(range: { start: number; end: number }): Readable | Uint8Array
}

/**
 * Decides whether a write may replace the stored blob, if there is any. It is called in the same atomic step as the
 * write.
 */
export type Condition = (current: Pick<OpenBlob, 'blob' | 'modifiedAt'> | undefined) => boolean

export interface BlobListing {
  blobs: { key: string; modifiedAt: Date }[]
  next?: string
}

/** Content up to this size is passed as bytes, which engines can store at less cost. */
export const smallBytes = 64 * 1024

/** The bytes of a blob, at once or as a stream. */
export type Content = AsyncIterable<Uint8Array> | Uint8Array

/** Keeps blobs. Before a write is acknowledged, the whole blob is on disk; a reader sees a whole blob or none. */
export interface BlobStore {
  /**
   * Stores `content`, in place of the stored blob, in bounded memory: when the next chunk is requested, the memory of the
   * previous chunk may be reused. If `content` throws, nothing changes and nothing is left behind.
   *
   * @throws StoreFull
   * @throws StoreUnavailable, like all methods
   */
  put(id: BlobId, content: Content, options: PutOptions, condition?: Condition): Promise<PutOutcome>
  /**
   * Stores the bytes of `from` under another id as well, in place of the stored blob. The copy is independent: it stays
   * when `from` is replaced or deleted. Returns undefined, and changes nothing, if there is no blob `from`.
   */
  copy(from: BlobId, to: BlobId): Promise<StoredBlob | undefined>
  /**
   * `whole` announces that the whole blob will be read, instead of a part or nothing; it affects only the cost. If the blob
   * is replaced or deleted meanwhile, some engines can still read a blob that was opened as a whole, but not parts.
   */
  open(id: BlobId, options?: { whole: boolean }): Promise<OpenBlob | undefined>
  /** Returns whether the condition was true. It is not an error if there is no blob. */
  delete(id: BlobId, condition?: Condition): Promise<boolean>
  /** Lists the stored blobs, page by page. A blob that exists during the whole listing is listed exactly once. */
  list(stage: Stage, page: { limit: number; cursor?: string | undefined }): Promise<BlobListing>
  /** The disk of the blobs; undefined if the blobs are not on a disk of this machine. */
  disk(): Promise<Disk | undefined>
  /** Rejects while blobs can't be read or written. */
  checkReady(): Promise<void>
  close(): Promise<void>
}
