import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { StoredBlob } from '@darkroom/contracts'
import { decodeFooter, encodeFooter, readFooter } from './blob-footer.ts'
import type { OpenBlob, PutOptions } from './engine.ts'

/** Written at once: with Node's default of 64 KiB, uploads were measured at less than half the speed. */
export const writeBytes = 1024 * 1024
const readBytes = 256 * 1024
/** Files of up to this size are read in one piece. */
const maxReadAtOnceBytes = 256 * 1024

/**
 * Writes a new file with the bytes and their footer, and syncs it. `memory`, of `writeBytes`, is what the bytes are
 * collected in.
 *
 * @throws what `content` throws; errors of the file system, such as EEXIST and ENOSPC
 */
export async function writeBlobFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  options: PutOptions,
  memory: Buffer,
): Promise<StoredBlob> {
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    const hash = createHash('sha256')
    let bytes = 0
    /** The last batch is written together with the footer. */
    let rest: Uint8Array = new Uint8Array()
    for await (const batch of inBatches(content, memory)) {
      hash.update(batch)
      bytes += batch.length
      if (batch.length < memory.length) rest = batch
      else await writeFully(handle, batch)
    }
    const blob = { bytes, sha256: hash.digest('hex'), ...options }
    await writeFully(handle, rest, encodeFooter({ blob }))
    await handle.sync()
    return blob
  } finally {
    await handle.close()
  }
}

/**
 * Chunks copied into `memory`, which is yielded each time it is full, and in the end as far as it is: no chunk is kept,
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
async function writeFully(handle: FileHandle, ...given: Uint8Array[]): Promise<void> {
  let buffers = given.filter(({ length }) => length > 0)
  while (buffers.length > 0) {
    let { bytesWritten: written } = await handle.writev(buffers)
    buffers = buffers.flatMap(bytes => {
      const left = bytes.subarray(Math.min(written, bytes.length))
      written -= bytes.length - left.length
      return left.length > 0 ? [left] : []
    })
  }
}

/** A blob by its file; undefined where there is no file. `whole` says that all of it is going to be read. */
export async function openBlobFile(
  path: string,
  { whole }: { whole: boolean },
): Promise<OpenBlob | undefined> {
  const handle = await openIfExists(path)
  if (!handle) return undefined
  try {
    const { size, mtime } = await handle.stat()
    if (whole && size <= maxReadAtOnceBytes) return await readAtOnce(handle, size, mtime)
    const blob = await readFooter(handle, size)
    return {
      blob,
      modifiedAt: mtime,
      read: range => handle.createReadStream({ ...range, highWaterMark: readBytes }),
      [Symbol.asyncDispose]: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** A small blob, read with its footer; the file is closed at once. */
async function readAtOnce(handle: FileHandle, size: number, modifiedAt: Date): Promise<OpenBlob> {
  const file = Buffer.allocUnsafe(size)
  const { bytesRead } = await handle.read(file, 0, size, 0)
  const { blob } = decodeFooter(file.subarray(0, bytesRead), size)
  await handle.close()
  return {
    blob,
    modifiedAt,
    read: ({ start, end }) => file.subarray(start, end + 1),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function openIfExists(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
