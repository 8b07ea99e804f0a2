import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fsync, open, writeFileSync, writev } from 'node:fs'
import { promisify } from 'node:util'
import type { StoredBlob } from '@darkroom/contracts'
import { encodeFooter } from '../blob-footer.ts'
import type { PutOptions } from '../engine.ts'

/** The size of a write: with Node's default of 64 KiB, uploads were measured at less than half the speed. */
export const writeBytes = 1024 * 1024
/** Files of up to this size are written and read in one piece. */
export const maxWholeBytes = 256 * 1024
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
const ownerOnly = 0o600

/*
 * Only calls that may take long run on another thread: syncs, the writes of larger blobs, and the creation of files. ext4
 * without a journal was measured to take up to 0.8 ms for a new file, while it searches for an inode that was not deleted
 * lately. The other calls take less time than a change of threads.
 */
export const syncFile = promisify(fsync)
const writevAsync = promisify(writev)
const createFile = promisify(open)

/**
 * Writes a new file with the bytes and their footer, and syncs it. The bytes are collected in `memory`, which has
 * `writeBytes`.
 *
 * @throws errors of `content`, and of the file system, such as EEXIST and ENOSPC
 */
export async function writeBlobFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  options: PutOptions,
  memory: Buffer,
): Promise<StoredBlob> {
  const file = await createFile(path, newFile, ownerOnly)
  try {
    const digest = createHash('sha256')
    let bytes = 0
    /** The last batch is written together with the footer. */
    let rest: Uint8Array = new Uint8Array()
    for await (const batch of inBatches(content, memory)) {
      digest.update(batch)
      bytes += batch.length
      if (batch.length < memory.length) rest = batch
      else await writeFully(file, batch)
    }
    const blob = { bytes, sha256: digest.digest('hex'), ...options }
    await writeFully(file, rest, encodeFooter({ blob }))
    await syncFile(file)
    return blob
  } finally {
    closeSync(file)
  }
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
 * Copies chunks into `memory`, and yields it each time it is full, and at the end. So no chunk stays in memory,
 * however small they are.
 */
async function* inBatches(content: AsyncIterable<Uint8Array>, memory: Buffer): AsyncGenerator<Buffer> {
  let filled = 0
  for await (const chunk of content) {
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + memory.length - filled)
      memory.set(part, filled)
      taken += part.length
      filled += part.length
      if (filled < memory.length) continue
      yield memory
      filled = 0
    }
  }
  if (filled > 0) yield memory.subarray(0, filled)
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
