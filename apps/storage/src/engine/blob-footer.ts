import { StoredBlob } from '@darkroom/contracts'
import { Compile, type Static, Type } from '@darkroom/contracts/typebox'

/*
 * The facts of a blob are stored behind its bytes, in the same file or object, so that one rename or one request
 * publishes both, and they always match. Image viewers ignore the footer.
 *
 *     bytes ... | JSON (ASCII) | length of the JSON (uint32, little endian) | "DKRM"
 */
const magic = Buffer.from('DKRM')
const tailBytes = 4 + magic.length
/** Longer than most footers, so that one read is enough. */
export const maxFooterBytes = 2048

const Description = Type.Object({ ...StoredBlob.properties, write: Type.Optional(Type.String()) })
const description = Compile(Description)

export interface Footer {
  blob: StoredBlob
  /** A unique name of the write, for engines that must distinguish two writes of the same bytes. */
  write?: string | undefined
}

/** The file or object of a blob has been changed, or is not a blob. */
export class DamagedBlob extends Error {}

/** The JSON of a footer. It is ASCII, so that a header can contain it as well. */
export function encodeDescription({ blob, write }: Footer): string {
  const json = JSON.stringify({ ...blob, write })
  return json.replace(/[^\x20-\x7e]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** @throws DamagedBlob if `encodeDescription` did not write it */
export function decodeDescription(json: string): Footer {
  try {
    const { write, ...blob }: Static<typeof Description> = description.Parse(JSON.parse(json))
    return { blob, write }
  } catch (cause) {
    throw new DamagedBlob('the description of the stored file is not valid', { cause })
  }
}

export function encodeFooter(footer: Footer): Uint8Array {
  const json = Buffer.from(encodeDescription(footer))
  if (json.length + tailBytes > maxFooterBytes) throw new Error('the description of a blob is too long')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([json, length, magic])
}

/**
 * Reads the footer from the end of a stored file or object of `storedBytes`.
 *
 * @throws DamagedBlob if the footer is missing, or describes a blob of another size
 */
export function decodeFooter(end: Buffer, storedBytes: number): Footer {
  const tail = end.length - tailBytes
  if (tail < 0 || !end.subarray(tail + 4).equals(magic))
    throw new DamagedBlob('the stored file has no valid footer')
  const jsonBytes = end.readUInt32LE(tail)
  const footer = decodeDescription(end.subarray(Math.max(tail - jsonBytes, 0), tail).toString())
  if (footer.blob.bytes + jsonBytes + tailBytes !== storedBytes)
    throw new DamagedBlob('the stored file does not have the size in its footer')
  return footer
}
