import type { Client, ImageFacts, StoredBlob, storageRoutes } from '@darkroom/contracts'
import {
  type ByteSource,
  exceededLimit,
  MalformedImage,
  readImageHeader,
  type SniffedFormat,
  sniffFormat,
  UnsupportedImage,
} from '@darkroom/image-header'
import { ServiceProblem, unavailable } from '@darkroom/service-kit'
import type { LiveConfig } from '../config.ts'
import { textMistake } from './image-as-text.ts'
import { otherType } from './other-type.ts'

type Storage = Client<typeof storageRoutes>

/** @throws ServiceProblem 400 or 415 unless an image begins with these bytes */
export function recognize(head: Uint8Array): SniffedFormat {
  if (head.length === 0) throw new ServiceProblem(400, 'empty-body', 'the body is empty: send an image')
  const format = sniffFormat(head)
  if (format) return format
  const mistake = textMistake(head)
  const other = otherType(head)
  const found = other ? `unsupported file type ${other}` : 'unsupported file type'
  const detail = `${found}: expected JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC`
  throw new ServiceProblem(415, 'not-an-image', mistake ? `${detail}; ${mistake}` : detail)
}

/** @throws ServiceProblem 415 if it is a camera raw file, 422 if it is malformed or too large */
export async function readFacts(
  storage: Storage,
  { key, head, stored, limits }: { key: string; head: Uint8Array; stored: StoredBlob; limits: LiveConfig },
): Promise<ImageFacts> {
  try {
    const header = await readImageHeader(storedImage(storage, { key, head, bytes: stored.bytes }))
    const excess = exceededLimit(header, limits)
    if (excess !== undefined) throw new ServiceProblem(422, 'too-many-pixels', excess)
    const { contentType, frames } = header
    const isTurned = header.orientation >= 5
    const [width, height] = isTurned ? [header.height, header.width] : [header.width, header.height]
    return { contentType, bytes: stored.bytes, width, height, frames, sha256: stored.sha256 }
  } catch (error) {
    if (error instanceof UnsupportedImage) throw new ServiceProblem(415, 'not-an-image', error.message)
    if (error instanceof MalformedImage) throw new ServiceProblem(422, 'malformed-image', error.message)
    throw error
  }
}

/** Reads parts of a stored original; parts within its head need no request. */
function storedImage(
  storage: Storage,
  { key, bytes, head }: { key: string; bytes: number; head: Uint8Array },
): ByteSource {
  return {
    size: bytes,
    async read(offset, length) {
      const end = Math.min(offset + length, bytes)
      if (end <= head.length) return head.subarray(offset, end)
      const stored = await storage.getBlob({
        params: { key, stage: 'pre' },
        headers: { range: `bytes=${offset}-${end - 1}` },
      })
      if (stored.status === 206) return stored.body.bytes()
      throw unavailable('original-gone', `the storage answered ${stored.status} for bytes it just stored`, 1)
    },
  }
}
