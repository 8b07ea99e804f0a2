import type { FileHandle } from 'node:fs/promises'
import { StoredBlob } from '@darkroom/contracts'
import { Value } from 'typebox/value'

/*
 * What is known of a blob stands behind its bytes, in the same file, so that one rename publishes both and
 * nothing can be out of step. Image viewers pass over it.
 *
 *     bytes ... | JSON (UTF-8) | length of the JSON (uint32, little endian) | "DKRM"
 */
const magic = Buffer.from('DKRM')
const tailBytes = 4 + magic.length
/** More than any footer has; so one read gets it. */
const maxFooterBytes = 1024

export function encodeFooter(blob: StoredBlob): Uint8Array {
  const json = Buffer.from(JSON.stringify(blob))
  if (json.length + tailBytes > maxFooterBytes) throw new Error('the description of a blob is too long')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([json, length, magic])
}

/** @throws Error when the file doesn't end in a footer that fits its size: it is not what was stored. */
export async function readFooter(handle: FileHandle, fileBytes: number): Promise<StoredBlob> {
  const end = Buffer.alloc(Math.min(maxFooterBytes, fileBytes))
  await handle.read(end, 0, end.length, fileBytes - end.length)
  const tail = end.length - tailBytes
  if (tail < 0 || !end.subarray(tail + 4).equals(magic)) throw new Error('the stored file has no footer')
  const jsonBytes = end.readUInt32LE(tail)
  const json = end.subarray(Math.max(tail - jsonBytes, 0), tail).toString()
  const blob = Value.Parse(StoredBlob, JSON.parse(json))
  if (blob.bytes + jsonBytes + tailBytes !== fileBytes) throw new Error('the stored file has another size')
  return blob
}
