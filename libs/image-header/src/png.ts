import { type HeaderReader, latin1 } from './header-reader.ts'
import type { ImageFacts } from './image-facts.ts'
import { MalformedImage } from './malformed-image.ts'
import { readExifOrientation } from './tiff/exif.ts'

/** The limit for chunks before the first IDAT. Decoders accept a hundred to a thousand. */
const maxChunks = 10_000

/** PNG, third edition, section 5.3: chunks up to IDAT; acTL and tRNS come before it, and eXIf in most files. */
export async function readPng(reader: HeaderReader): Promise<ImageFacts> {
  const head = await readChunk(reader, 8)
  // For iOS, Apple's build tools compress, premultiply and order the samples of PNGs in their own way.
  if (head.type === 'CgBI')
    throw new MalformedImage(
      "the PNG is in Apple's format for iOS (CgBI), which is not supported: save it as an ordinary PNG",
    )
  if (head.type !== 'IHDR') throw new MalformedImage("the PNG's first chunk is not IHDR")
  if (head.length !== 13) throw new MalformedImage("the PNG's IHDR is not 13 bytes long")
  const ihdr = parseIhdr(await reader.view(head.body, 13))

  let isTransparent = false
  let orientation: number | undefined
  let frames = 1
  let offset = head.end
  for (let chunks = 0; chunks < maxChunks; chunks++) {
    const chunk = await readChunk(reader, offset)
    if (chunk.type === 'tRNS') isTransparent ||= isTransparency(ihdr.colourType, chunk.length)
    else if (chunk.type === 'eXIf')
      orientation ??= await readExifOrientation(reader, chunk.body, chunk.end - 4)
    else if (chunk.type === 'acTL' && chunk.length === 8)
      frames = Math.max(1, (await reader.view(chunk.body, 4)).getUint32(0))
    else if (chunk.type === 'IEND') throw new MalformedImage('the PNG ends without image data')
    else if (chunk.type === 'IDAT') {
      const { width, height, samples, bitsPerSample, progressive } = ihdr
      orientation ??= await readLateOrientation(reader, chunk.end)
      const shape = { width, height, frames, channels: samples + (isTransparent ? 1 : 0), bitsPerSample }
      return { ...shape, orientation: orientation ?? 1, progressive, lossless: true }
    }
    offset = chunk.end
  }
  throw new MalformedImage(`the PNG has more than ${maxChunks} chunks before its image data`)
}

/** The part of a file in which eXIf is looked for after the image data. */
const searchedBytes = 64 * 1024

/**
 * The orientation in an eXIf chunk after the image data, where it was allowed until the third edition (Extensions to
 * PNG 1.5.0, section 3.7). It is looked for at the end of the file, because following all IDAT chunks would read most of
 * the file.
 */
async function readLateOrientation(reader: HeaderReader, from: number): Promise<number | undefined> {
  const start = Math.max(from, reader.size - searchedBytes)
  if (start >= reader.size) return undefined
  const tail = await reader.view(start, reader.size - start)
  const at = latin1(tail).lastIndexOf('eXIf') - 4
  if (at < 0 || !leadsToEnd(tail, at)) return undefined
  return readExifOrientation(reader, start + at + 8, start + at + 8 + tail.getUint32(at))
}

/** Whether chunks follow one another from `at` to IEND. */
function leadsToEnd(view: DataView, at: number): boolean {
  for (let offset = at; offset + 12 <= view.byteLength; offset += 12 + view.getUint32(offset)) {
    const type = latin1(new DataView(view.buffer, view.byteOffset + offset + 4, 4))
    if (type === 'IEND') return true
    if (!/^[A-Za-z]{4}$/.test(type)) return false
  }
  return false
}

interface Chunk {
  type: string
  length: number
  body: number
  /** After the checksum, which the decoder verifies. */
  end: number
}

async function readChunk(reader: HeaderReader, offset: number): Promise<Chunk> {
  const view = await reader.view(offset, 8)
  const length = view.getUint32(0)
  const type = latin1(view).slice(4)
  return { type, length, body: offset + 8, end: offset + length + 12 }
}

/** Table 11.1: the depths each colour type allows, and the samples it unpacks to (PLTE entries are RGB). */
const colourTypes = new Map([
  [0, { depths: [1, 2, 4, 8, 16], samples: 1 }],
  [2, { depths: [8, 16], samples: 3 }],
  [3, { depths: [1, 2, 4, 8], samples: 3 }],
  [4, { depths: [8, 16], samples: 2 }],
  [6, { depths: [8, 16], samples: 4 }],
])

function parseIhdr(view: DataView) {
  const depth = view.getUint8(8)
  const colourType = view.getUint8(9)
  const allowed = colourTypes.get(colourType)
  if (!allowed?.depths.includes(depth))
    throw new MalformedImage(
      `the PNG has an invalid combination: colour type ${colourType} with ${depth} bits a sample`,
    )
  if (view.getUint8(10) !== 0 || view.getUint8(11) !== 0 || view.getUint8(12) > 1)
    throw new MalformedImage('the PNG has an unknown compression, filter or interlace method')
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    colourType,
    samples: allowed.samples,
    bitsPerSample: depth === 16 ? (16 as const) : (8 as const),
    progressive: view.getUint8(12) === 1,
  }
}

/** Section 11.3.1.1: tRNS belongs to the types without alpha; with another length it is ignored. */
function isTransparency(colourType: number, length: number): boolean {
  if (colourType === 0) return length === 2
  if (colourType === 2) return length === 6
  return colourType === 3 && length > 0 && length <= 256
}
