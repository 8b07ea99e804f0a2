import type { Readable } from 'node:stream'
import type { Stage, StoredBlob } from '@darkroom/contracts'

export interface BlobId {
  key: string
  stage: Stage
}

export interface PutOptions {
  contentType: string
  /** Fencing token of whoever writes; 0 for what is written once. */
  fence: number
}

export type PutOutcome =
  | { kind: 'stored'; blob: StoredBlob }
  /** Bytes with a newer fencing token stand there already; nothing changed. */
  | { kind: 'fenced'; newest: number }
  /** The condition of the write doesn't hold; nothing changed. */
  | { kind: 'refused' }

/** A blob as it was when it was opened; later writes don't change what is read. To be closed. */
export interface OpenBlob extends AsyncDisposable {
  readonly blob: StoredBlob
  readonly modifiedAt: Date
  /** The bytes from `start` to `end`, both included. A stream closes the blob when it ends. */
  read(range: { start: number; end: number }): Readable | Uint8Array
}

/** Whether a write may be done where this stands, or nothing. It is asked in the step that does the write. */
export type Condition = (standing: Pick<OpenBlob, 'blob' | 'modifiedAt'> | undefined) => boolean

export interface BlobListing {
  blobs: { key: string; modifiedAt: Date }[]
  next?: string
}

/** The bytes of a blob, or what yields them. */
export type Content = AsyncIterable<Uint8Array> | Uint8Array

/** Keeps blobs. What is answered as stored is on disk, whole; a reader sees all of a blob or none. */
export interface BlobStore {
  /**
   * Stores `content`, in place of what stood there, in bounded memory: the memory of a chunk is
   * free to be used again when the next one is asked for. When `content` throws, nothing changes and nothing
   * is left behind.
   *
   * @throws StoreFull
   * @throws StoreUnavailable, as all of these may
   */
  put(id: BlobId, content: Content, options: PutOptions, condition?: Condition): Promise<PutOutcome>
  /**
   * `whole` says what is going to be read: all of it, or a part or nothing. It changes what that costs, and with
   * some engines how long a blob can be read that is replaced or deleted meanwhile: a part fails then.
   */
  open(id: BlobId, options?: { whole: boolean }): Promise<OpenBlob | undefined>
  /** Whether the condition held. No error when there is none to delete. */
  delete(id: BlobId, condition?: Condition): Promise<boolean>
  /** What is stored, a page at a time; each blob once that was there all the while. */
  list(stage: Stage, page: { limit: number; cursor?: string | undefined }): Promise<BlobListing>
  /** Rejects when the store doesn't work. */
  check(): Promise<void>
  close(): Promise<void>
}
