import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  read,
  readSync,
  statSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { decodeFooter, maxFooterBytes } from '../blob-footer.ts'
import type { OpenBlob } from '../engine.ts'
import { isMissing } from './file-errors.ts'
import { maxWholeBytes } from './write-blob-file.ts'

const readBytes = 256 * 1024
/** On another thread, because it may wait for the disk. */
const readAsync = promisify(read)

/** Opens a blob from its file; undefined if there is no file. `whole` announces that all of it will be read. */
export async function openBlobFile(
  path: string,
  { whole }: { whole: boolean },
): Promise<OpenBlob | undefined> {
  // Most writes find no file. This call then returns without creating an Error.
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  try {
    return whole && found.size <= maxWholeBytes ? openWhole(path) : await openInParts(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Reads the whole file, on this thread, like writeWholeBlobFile. */
function openWhole(path: string): OpenBlob {
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

async function openInParts(path: string): Promise<OpenBlob> {
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

/** The functions that a stream calls; at its end it closes the file. */
const streamCalls = {
  read,
  close(file: number, done: (error?: Error | null) => void) {
    closeSync(file)
    done()
  },
}
