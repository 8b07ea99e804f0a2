import { inflateSync } from 'node:zlib'
import { type ChannelOrder, sourceChannels } from '../channel-order.ts'
import { expectIccProfile } from '../icc-profile.ts'
import { NotWellFormed } from '../not-well-formed.ts'
import { permuteSamplePairs, permuteSamples } from '../permute-samples.ts'
import { exifOrientation } from './exif-orientation.ts'
import type { PngHeader } from './header.ts'
import { isZlibError } from './zlib-errors.ts'

interface Context {
  readonly header: PngHeader
  readonly order: ChannelOrder
  readonly paletteEntries: number
}

/** A chunk other than IHDR, the image data and the animation's: its allowed position, and how it is treated. */
interface ChunkRule {
  readonly position: 'before PLTE' | 'after PLTE' | 'before IDAT' | 'anywhere'
  readonly repeats?: true
  /**
   * 'metadata' can identify people, or is text: it stays only if metadata is kept. 'texts' are metadata, too, except
   * for texts about the file itself.
   */
  readonly keep: 'always' | 'metadata' | 'texts' | 'never'
  /** The permuted data; throws NotWellFormed when the data breaks the chunk's rules. */
  readonly permute: (data: Buffer, context: Context) => Uint8Array
}

/** Table 7 of PNG 3rd edition (5.6), with the chunks' own rules (11.3). */
const rules: Record<string, ChunkRule> = {
  PLTE: { position: 'before IDAT', keep: 'always', permute: permutePalette },
  tRNS: { position: 'after PLTE', keep: 'always', permute: permuteTransparency },
  bKGD: { position: 'after PLTE', keep: 'always', permute: permuteBackground },
  hIST: {
    position: 'after PLTE',
    keep: 'always',
    permute(data, { paletteEntries }) {
      demand(paletteEntries > 0 && data.length === paletteEntries * 2, 'hIST does not fit the palette')
      return data
    },
  },
  sBIT: { position: 'before PLTE', keep: 'always', permute: permuteSignificantBits },
  // The colour space, which stays: the permutation moves only samples.
  cHRM: { position: 'before PLTE', keep: 'always', permute: ofLength(32) },
  cICP: { position: 'before PLTE', keep: 'always', permute: ofLength(4) },
  cLLI: { position: 'before PLTE', keep: 'always', permute: ofLength(8) },
  gAMA: { position: 'before PLTE', keep: 'always', permute: ofLength(4) },
  iCCP: { position: 'before PLTE', keep: 'always', permute: checkIccProfile },
  mDCV: { position: 'before PLTE', keep: 'always', permute: ofLength(24) },
  sRGB: { position: 'before PLTE', keep: 'always', permute: ofLength(1) },
  pHYs: { position: 'before IDAT', keep: 'always', permute: ofLength(9) },
  // Suggested palettes are dropped: they list the original's colours, few decoders read them, and their name is free text.
  sPLT: { position: 'before IDAT', repeats: true, keep: 'never', permute: checkKeyword },
  eXIf: { position: 'before IDAT', keep: 'never', permute: checkExif },
  tIME: { position: 'anywhere', keep: 'metadata', permute: ofLength(7) },
  tEXt: { position: 'anywhere', repeats: true, keep: 'texts', permute: checkKeyword },
  zTXt: { position: 'anywhere', repeats: true, keep: 'texts', permute: checkKeyword },
  iTXt: { position: 'anywhere', repeats: true, keep: 'texts', permute: checkKeyword },
}

/** Checks chunks against their rules in the order in which they come. */
export class PngAncillaryChunks {
  readonly #header: PngHeader
  readonly #order: ChannelOrder
  readonly #keepMetadata: boolean
  readonly #seen = new Set<string>()
  #paletteEntries = 0
  #imageHasStarted = false

  constructor(header: PngHeader, order: ChannelOrder, keepMetadata: boolean) {
    this.#header = header
    this.#order = order
    this.#keepMetadata = keepMetadata
  }

  /** The data to write in the chunk's place, or undefined when the chunk is dropped. */
  accept(type: string, data: Buffer): Uint8Array | undefined {
    const rule = Object.hasOwn(rules, type) ? rules[type] : undefined
    if (rule === undefined) return this.#acceptUnknown(type, data)
    this.#expectPosition(type, rule)
    this.#seen.add(type)
    if (type === 'PLTE') this.#paletteEntries = data.length / 3
    const context = { header: this.#header, order: this.#order, paletteEntries: this.#paletteEntries }
    const permuted = rule.permute(data, context)
    return this.#isKept(rule, data) ? permuted : undefined
  }

  #isKept({ keep }: ChunkRule, data: Buffer): boolean {
    if (keep === 'always' || keep === 'never') return keep === 'always'
    return this.#keepMetadata && (keep === 'metadata' || !isAboutTheFile(data))
  }

  startImage(): void {
    if (this.#header.colorType === 3) demand(this.#paletteEntries > 0, 'the palette is missing')
    this.#imageHasStarted = true
  }

  /**
   * An image with an unknown critical chunk can't be shown. An unknown ancillary chunk is kept as metadata if its
   * fourth letter declares that it stays true in a changed image (PNG 3rd edition, 5.4, 14.2).
   */
  #acceptUnknown(type: string, data: Buffer): Uint8Array | undefined {
    demand(/^[a-z]/.test(type), `the critical chunk ${type} is unknown`)
    return this.#keepMetadata && /[a-z]$/.test(type) ? data : undefined
  }

  #expectPosition(type: string, { position, repeats }: ChunkRule): void {
    const isMisplaced =
      (this.#imageHasStarted && position !== 'anywhere') ||
      (this.#seen.has('PLTE') && position === 'before PLTE') ||
      (type === 'PLTE' && [...this.#seen].some(seen => rules[seen]?.position === 'after PLTE'))
    demand(!isMisplaced, `the ${type} chunk is in the wrong place`)
    demand(repeats === true || !this.#seen.has(type), `there are several ${type} chunks`)
  }
}

/** The palette of colour type 3, or the suggested palette of types 2 and 6. */
function permutePalette(data: Buffer, { header, order }: Context): Uint8Array {
  const entries = data.length / 3
  const most = header.colorType === 3 ? 2 ** header.bitDepth : 256
  demand(header.colorType !== 0 && header.colorType !== 4, 'a grey image has a palette')
  demand(Number.isInteger(entries) && entries >= 1 && entries <= most, 'the palette has an invalid length')
  return permutedCopy(data, copy => permuteSamples(copy, 3, order))
}

/** A transparent colour (type 2), a transparent grey (type 0), or the alpha of the palette's first entries (type 3). */
function permuteTransparency(data: Buffer, { header, order, paletteEntries }: Context): Uint8Array {
  switch (header.colorType) {
    case 0:
      return ofLength(2)(data)
    case 2:
      return permutedCopy(ofLength(6)(data), copy => permuteSamplePairs(copy, 3, order))
    case 3:
      demand(data.length >= 1 && data.length <= paletteEntries, 'tRNS does not fit the palette')
      return data
    default:
      throw new NotWellFormed('an image with alpha has a tRNS chunk')
  }
}

/** A colour (types 2 and 6), a grey (0 and 4), or an index into the palette. */
function permuteBackground(data: Buffer, { header, order, paletteEntries }: Context): Uint8Array {
  switch (header.colorType) {
    case 0:
    case 4:
      return ofLength(2)(data)
    case 2:
    case 6:
      return permutedCopy(ofLength(6)(data), copy => permuteSamplePairs(copy, 3, order))
    case 3:
      demand(data.length === 1 && (data[0] as number) < paletteEntries, 'bKGD does not fit the palette')
      return data
  }
}

/** The original number of significant bits of each channel. */
function permuteSignificantBits(data: Buffer, { header, order }: Context): Uint8Array {
  const depth = header.colorType === 3 ? 8 : header.bitDepth
  const channels = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 }[header.colorType]
  demand(data.length === channels && data.every(bits => bits >= 1 && bits <= depth), 'sBIT is impossible')
  const copy = Uint8Array.from(data)
  if (channels >= 3) copy.set(sourceChannels(order).map(source => data[source] as number))
  return copy
}

function checkIccProfile(data: Buffer, { header }: Context): Uint8Array {
  checkKeyword(data)
  const compressed = data.subarray(data.indexOf(0) + 1)
  demand(compressed[0] === 0, 'the ICC profile has an unknown compression')
  const isGrey = header.colorType === 0 || header.colorType === 4
  try {
    const profile = inflateSync(compressed.subarray(1), { maxOutputLength: 16 * 1024 * 1024 })
    expectIccProfile(profile, isGrey ? 'GRAY' : 'RGB ')
  } catch (error) {
    const isTooLarge = error instanceof RangeError
    throw isTooLarge || isZlibError(error)
      ? new NotWellFormed('the ICC profile is corrupt', { cause: error })
      : error
  }
  return data
}

function checkExif(data: Buffer): Uint8Array {
  const orientation = exifOrientation(data) ?? 1
  demand(orientation === 1, `the EXIF orientation is ${orientation}: the image needs rotating`)
  return data
}

/** Text chunks and palettes begin with a keyword of 1 to 79 bytes and a zero. */
function checkKeyword(data: Buffer): Uint8Array {
  const end = data.indexOf(0)
  demand(end >= 1 && end <= 79, 'a chunk has no keyword')
  return data
}

/**
 * Texts about how the original is stored, or with a whole block of metadata: XMP, ImageMagick's "Raw profile type exif"
 * and "exif:ExifImageWidth", and the notes of thumbnail managers about originals.
 */
function isAboutTheFile(text: Buffer): boolean {
  const keyword = text.toString('latin1', 0, text.indexOf(0))
  return /^(?:XML:com\.adobe\.xmp|Raw profile type |exif:|tiff:|Thumb::)/i.test(keyword)
}

function ofLength(length: number): (data: Buffer) => Buffer {
  return data => {
    demand(data.length === length, `a chunk is ${data.length} bytes long instead of ${length}`)
    return data
  }
}

function permutedCopy(data: Buffer, permute: (copy: Uint8Array) => void): Uint8Array {
  const copy = Uint8Array.from(data)
  permute(copy)
  return copy
}

function demand(isValid: boolean, fault: string): asserts isValid {
  if (!isValid) throw new NotWellFormed(fault)
}
