import { createHash, hash } from 'node:crypto'
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  fsync,
  openSync,
  read,
  readSync,
  statSync,
  writeFileSync,
  writev,
} from 'node:fs'
import { promisify } from 'node:util'
import type { StoredBlob } from '@darkroom/contracts'
import { decodeFooter, encodeFooter, maxFooterBytes } from '../blob-footer.ts'
import type { OpenBlob, PutOptions } from '../engine.ts'

/** The size of a write: with Node's default of 64 KiB, uploads were measured at less than half the speed. */
export const writeBytes = 1024 * 1024
const readBytes = 256 * 1024
export const syncFile = promisify(fsync)
const readAsync = promisify(read)
const writevAsync = promisify(writev)
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
const ownerOnly = 0o600
/** Files of up to this size are written and read in one piece. */
export const maxSmallBytes = 256 * 1024

/*
 * Only calls that may wait long for the disk run on another thread: syncs, and the reads and writes of larger blobs. The
 * other calls take less time than a change of threads.
 */

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
  const file = openSync(path, newFile, ownerOnly)
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

/** The same for content of up to `maxSmallBytes`. Only the sync runs on another thread. */
export async function writeSmallBlobFile(
  path: string,
  content: Uint8Array,
  options: PutOptions,
): Promise<StoredBlob> {
  const blob = { bytes: content.length, sha256: hash('sha256', content), ...options }
  const file = openSync(path, newFile, ownerOnly)
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

/** Opens a blob from its file; undefined if there is no file. `whole` announces that all of it will be read. */
export async function openBlobFile(
  path: string,
  { whole }: { whole: boolean },
): Promise<OpenBlob | undefined> {
  // Most writes find no file; this call returns then without making an Error.
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  try {
    return whole && found.size <= maxSmallBytes ? readAtOnce(path) : await openLarge(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Reads a small blob on the calling thread, like writeSmallBlobFile. */
function readAtOnce(path: string): OpenBlob {
  const file = openSync(path, constants.O_RDONLY)
  try {
    const { size, mtime } = fstatSync(file)
    const content = Buffer.allocUnsafe(size)
    const bytesRead = readSync(file, content, 0, size, 0)
    const { blob } = decodeFooter(content.subarray(0, bytesRead), size)
    return {
      blob,
      modifiedAt: mtime,
      read: ({ start, end }) => content.subarray(start, end + 1),
      [Symbol.asyncDispose]: async () => undefined,
    }
  } finally {
    closeSync(file)
  }
}

async function openLarge(path: string): Promise<OpenBlob> {
  const file = openSync(path, constants.O_RDONLY)
  try {
    const { size, mtime } = fstatSync(file)
    const end = Buffer.alloc(Math.min(maxFooterBytes, size))
    await readAsync(file, end, 0, end.length, size - end.length)
    const { blob } = decodeFooter(end, size)
    let close = () => closeSync(file)
    return {
      blob,
      modifiedAt: mtime,
      read(range) {
        const stream = createReadStream('', {
          ...range,
          fd: file,
          fs: streamCalls,
          highWaterMark: readBytes,
        })
        close = () => void stream.destroy()
        return stream
      },
      async [Symbol.asyncDispose]() {
        close()
        close = () => undefined
      },
    }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** What a stream of a file calls. The stream closes the file. */
const streamCalls = {
  read,
  close(file: number, done: (error?: Error | null) => void) {
    closeSync(file)
    done()
  },
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
