import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fsync, open, writeFileSync, writev } from 'node:fs'
import { promisify } from 'node:util'
import type { StoredBlob } from '@darkroom/contracts'
import { encodeFooter } from '../blob-footer.ts'
import type { PutOptions } from '../engine.ts'

/** The memory of a write: half of it is written while the other half is filled. */
export const memoryBytes = 1024 * 1024
/** Each time this many bytes are written, their sync begins, so that the last sync of a large file has little left. */
const syncEveryBytes = 4 * 1024 * 1024
/** Files of up to this size are written and read in one piece. */
export const maxWholeBytes = 256 * 1024
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
const ownerOnly = 0o600

/*
 * Only calls that may take long run on another thread: syncs, the writes of larger blobs, and the creation of files. ext4
 * without a journal took up to 0.8 ms for a new file in a measurement, while it searched for an inode that was not deleted
 * lately. The other calls take less time than a change of threads.
 */
export const syncFile = promisify(fsync)
const writevAsync = promisify(writev)
const createFile = promisify(open)

/**
 * Writes a new file with the bytes and their footer, and syncs it. The bytes are collected in `memory`, which has
 * `memoryBytes`: with writes of 64 KiB, Node's default, uploads had less than half the speed in a measurement.
 *
 * @throws errors of `content`, and of the file system, such as EEXIST and ENOSPC
 */
export async function writeBlobFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  options: PutOptions,
  memory: Buffer,
): Promise<StoredBlob> {
  await using file = new WrittenFile(await createFile(path, newFile, ownerOnly))
  const digest = createHash('sha256')
  let bytes = 0
  /** The last batch is written together with the footer. */
  let rest: Uint8Array = new Uint8Array()
  for await (const batch of inBatches(content, memory)) {
    digest.update(batch)
    bytes += batch.length
    if (batch.length < memory.length / 2) rest = batch
    else await file.beginWrite(batch)
  }
  const blob = { bytes, sha256: digest.digest('hex'), ...options }
  await file.beginWrite(rest, encodeFooter({ blob }))
  await file.sync()
  return blob
}

/** The same for content of up to `maxWholeBytes`. Only the sync runs on another thread. */
export async function writeWholeBlobFile(
  path: string,
  content: Uint8Array,
  options: PutOptions,
): Promise<StoredBlob> {
  const blob = { bytes: content.length, sha256: hash('sha256', content), ...options }
  const file = await createFile(path, newFile, ownerOnly)
  try {
    writeFileSync(file, Buffer.concat([content, encodeFooter({ blob })]))
    await syncFile(file)
    return blob
  } finally {
    closeSync(file)
  }
}

/**
 * A file that is written while its next bytes are prepared. A failed write or sync fails all later writes: a second sync
 * would wrongly succeed.
 */
class WrittenFile implements AsyncDisposable {
  readonly #file: number
  #writing: Promise<void> = Promise.resolve()
  #syncing: Promise<void> = Promise.resolve()
  #unsyncedBytes = 0

  constructor(file: number) {
    this.#file = file
  }

  /** Waits only for the previous write, whose memory can then be reused. */
  async beginWrite(...buffers: Uint8Array[]): Promise<void> {
    await this.#writing
    if (this.#unsyncedBytes >= syncEveryBytes) await this.#beginSync()
    this.#writing = writeFully(this.#file, ...buffers)
    this.#writing.catch(() => undefined) // the next call throws it
    for (const { length } of buffers) this.#unsyncedBytes += length
  }

  /** Waits until all bytes are on disk. */
  async sync(): Promise<void> {
    await this.#writing
    await this.#beginSync()
    await this.#syncing
  }

  /** Waits for the previous sync, so a slow disk delays the writes. */
  async #beginSync(): Promise<void> {
    await this.#syncing
    this.#unsyncedBytes = 0
    this.#syncing = syncFile(this.#file)
    this.#syncing.catch(() => undefined) // the next call throws it
  }

  /** Closes the file only when nothing uses it: another file may get its descriptor. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing])
    closeSync(this.#file)
  }
}

/**
 * Copies chunks into the halves of `memory` in turn, and yields each half when it is full, and the last half at the end.
 * So no chunk stays in memory, however small they are. A half is filled again when the other half has been taken.
 */
async function* inBatches(content: AsyncIterable<Uint8Array>, memory: Buffer): AsyncGenerator<Buffer> {
  const halfBytes = memory.length / 2
  let [filling, other] = [memory.subarray(0, halfBytes), memory.subarray(halfBytes)]
  let filled = 0
  for await (const chunk of content) {
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + halfBytes - filled)
      filling.set(part, filled)
      taken += part.length
      filled += part.length
      if (filled < halfBytes) continue
      yield filling
      ;[filling, other] = [other, filling]
      filled = 0
    }
  }
  if (filled > 0) yield filling.subarray(0, filled)
}

/** writev(2) may write less than it was given. */
async function writeFully(file: number, ...given: Uint8Array[]): Promise<void> {
  let buffers = given.filter(({ length }) => length > 0)
  while (buffers.length > 0) {
    let { bytesWritten: written } = await writevAsync(file, buffers)
    buffers = buffers.flatMap(bytes => {
      const left = bytes.subarray(Math.min(written, bytes.length))
      written -= bytes.length - left.length
      return left.length > 0 ? [left] : []
    })
  }
}
