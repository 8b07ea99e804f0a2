import type { ChannelOrder } from '../channel-order.ts'
import { expectIccProfile } from '../icc-profile.ts'
import { NotWellFormed } from '../not-well-formed.ts'
import { permuteSamples } from '../permute-samples.ts'
import { expectGifPixels } from './pixels.ts'
import { GifReader, joinSubBlocks } from './reader.ts'

/**
 * Permutes the colour channels of a GIF exactly, in all frames of an animation, by permuting its colour tables. The
 * frames' pixels are indexes into these tables and stay as they are, like delays, loop, disposal and transparency.
 *
 * Throws NotWellFormed when the file breaks a rule of GIF 89a. All blocks up to the trailer are checked. The codes of the
 * frames are followed to make sure that they give exactly the frame's pixels, which takes most of the time. Decoders forgive
 * many of these errors, and guess. Bytes after the trailer are dropped instead: they don't belong to the image, many
 * harmless files end in padding, and another file hidden there must not stay in the result.
 */
export function permuteGif(
  input: Uint8Array,
  order: ChannelOrder,
  options: { readonly keepMetadata: boolean },
): Uint8Array<ArrayBuffer> {
  const reader = new GifReader(input)
  const parts: Uint8Array[] = []
  const tables = { order, parts }
  const screen = readScreen(reader, tables)
  let frames = 0
  let isControlled = false
  for (let block = reader.byte(); block !== trailer; block = reader.byte()) {
    const start = reader.position - 1
    if (block === imageSeparator) {
      readFrame(reader, screen, start, tables)
      frames += 1
      isControlled = false
    } else if (block === extensionIntroducer) {
      const label = reader.byte()
      // A graphic control extension applies only to the next image or plain text.
      if (label === graphicControl || label === plainText) {
        if (isControlled) throw new NotWellFormed('a graphic control extension is not followed by an image')
        isControlled = label === graphicControl
      }
      const isKept = readExtension(reader, label) || (options.keepMetadata && label !== application)
      if (isKept) parts.push(input.subarray(start, reader.position))
    } else {
      throw new NotWellFormed('the GIF has a block of an unknown kind')
    }
  }
  if (frames === 0) throw new NotWellFormed('the GIF has no image')
  if (isControlled) throw new NotWellFormed('a graphic control extension is not followed by an image')
  parts.push(Uint8Array.of(trailer))
  return Buffer.concat(parts)
}

const imageSeparator = 0x2c
const extensionIntroducer = 0x21
const trailer = 0x3b
const plainText = 0x01
const graphicControl = 0xf9
const comment = 0xfe
const application = 0xff

interface Screen {
  readonly width: number
  readonly height: number
  readonly hasColorTable: boolean
}

interface TableOutput {
  readonly order: ChannelOrder
  readonly parts: Uint8Array[]
}

function readScreen(reader: GifReader, tables: TableOutput): Screen {
  const signature = reader.text(6)
  if (signature !== 'GIF87a' && signature !== 'GIF89a')
    throw new NotWellFormed('the GIF signature is missing')
  const [width, height, flags] = [reader.short(), reader.short(), reader.byte()]
  if (width === 0 || height === 0) throw new NotWellFormed('the image has no pixels')
  reader.take(2) // the index of the background colour, and the aspect ratio
  tables.parts.push(reader.since(0))
  readColorTable(reader, flags, tables)
  return { width, height, hasColorTable: (flags & 0x80) !== 0 }
}

function readFrame(reader: GifReader, screen: Screen, start: number, tables: TableOutput): void {
  const [left, top, width, height] = [reader.short(), reader.short(), reader.short(), reader.short()]
  const flags = reader.byte()
  if (width === 0 || height === 0) throw new NotWellFormed('a frame has no pixels')
  // Decoders differ: libnsgif lets the first frame enlarge the screen, browsers cut it off.
  if (left + width > screen.width || top + height > screen.height) {
    throw new NotWellFormed('a frame lies outside the screen')
  }
  if ((flags & 0x80) === 0 && !screen.hasColorTable) throw new NotWellFormed('a frame has no colour table')
  tables.parts.push(reader.since(start))
  readColorTable(reader, flags, tables)
  const dataStart = reader.position
  const codeBits = reader.byte()
  if (codeBits < 2 || codeBits > 8) throw new NotWellFormed('the LZW code size is not 2 to 8 bits')
  reader.skipSubBlocks()
  const data = reader.since(dataStart)
  tables.parts.push(data)
  expectGifPixels(codeBits, data.subarray(1, -1), width * height)
}

/** The colour table of a screen or frame with these flags, if it has one; writes the permuted table. */
function readColorTable(reader: GifReader, flags: number, { order, parts }: TableOutput): void {
  if ((flags & 0x80) === 0) return
  const table = Uint8Array.from(reader.take(3 * 2 ** ((flags & 0x07) + 1)))
  permuteSamples(table, 3, order)
  parts.push(table)
}

/** Reads an extension after its label. Returns whether it affects how the image looks, and so is always kept. */
function readExtension(reader: GifReader, label: number): boolean {
  switch (label) {
    case graphicControl:
      if (reader.byte() !== 4) throw new NotWellFormed('a graphic control extension is not 4 bytes long')
      reader.take(4)
      if (reader.byte() !== 0) throw new NotWellFormed('a graphic control extension has no end')
      return true
    case application:
      return readApplication(reader)
    case plainText:
      if (reader.byte() !== 12) throw new NotWellFormed('a plain text extension is not 12 bytes long')
      reader.take(12)
      reader.skipSubBlocks()
      return false
    case comment:
      reader.skipSubBlocks()
      return false
    default:
      throw new NotWellFormed('the GIF has an extension of an unknown kind')
  }
}

/** Keeps loops and ICC profiles. XMP and the data of other applications may be untrue of the result. */
function readApplication(reader: GifReader): boolean {
  if (reader.byte() !== 11) throw new NotWellFormed('an application extension is not 11 bytes long')
  const name = reader.text(11)
  const start = reader.position
  reader.skipSubBlocks()
  const data = joinSubBlocks(reader.since(start))
  switch (name) {
    case 'NETSCAPE2.0':
    case 'ANIMEXTS1.0':
      if (data.length !== 3 || data[0] !== 1)
        throw new NotWellFormed('a loop extension does not hold a number of loops')
      return true
    case 'ICCRGBG1012':
      expectIccProfile(data, 'RGB ')
      return true
    default:
      return false
  }
}
