import type { HeaderReader } from '../header-reader.ts'
import type { ImageFacts } from '../image-facts.ts'
import { MalformedImage } from '../malformed-image.ts'
import { type AvifSequence, readSequence } from './avif-sequence.ts'
import { BoxWalker } from './boxes.ts'
import { cropOf } from './clean-aperture.ts'
import { derivedFrom, derivedTypes, firstCodedItem } from './derivation.ts'
import { type HeifItem, type HeifMeta, readMeta } from './items.ts'

/**
 * HEIF (ISO/IEC 23008-12), based on boxes (ISO/IEC 14496-12): images in `meta`, sequences in `moov`. The coding of the
 * primary image decides whether the file is AVIF (AVIF 1.1) or HEIC. Rotation is a property of the image, and decoders
 * apply it; so the size is as displayed, and the orientation is 1.
 */
export async function readHeif(reader: HeaderReader): Promise<ImageFacts> {
  const walker = new BoxWalker(reader)
  let meta: HeifMeta | undefined
  let sequence: AvifSequence | undefined
  let hasTracks = false
  for await (const box of walker.topLevel()) {
    if (box.type === 'meta') meta ??= await readMeta(walker, box)
    else if (box.type === 'moov') {
      hasTracks = true
      sequence ??= await readSequence(walker, box)
    }
  }
  // A sequence may have metadata without an image.
  if (meta && (meta.primaryId !== 0 || !hasTracks)) return factsOfImages(meta, sequence)
  if (sequence?.width) return factsOfSequence(sequence)
  if (hasTracks)
    throw new MalformedImage(
      'a sequence without a still image is not supported: save one of its frames as an image',
    )
  throw new MalformedImage('the file holds neither a still image nor a sequence coded as AV1')
}

const constant = { orientation: 1, progressive: false, lossless: false } as const

function factsOfImages(meta: HeifMeta, sequence: AvifSequence | undefined): ImageFacts {
  if (meta.primaryId === 0) throw new MalformedImage('the file names no primary image')
  const primary = meta.items.get(meta.primaryId)
  if (!primary) throw new MalformedImage("the file's primary image does not exist")
  const size = displayedSize(primary)
  if (!size) throw new MalformedImage("the file's primary image has no declared size")
  const coded = firstCodedItem(meta, primary)
  const channels = hasAlpha(meta, primary) ? 4 : 3
  switch (coded?.type) {
    case 'av01':
      return { ...constant, ...size, channels, ...factsOfAvif(meta, coded, channels, sequence) }
    case 'hvc1':
      return { ...constant, ...size, channels, ...factsOfHeic(meta, primary, coded, channels) }
    default:
      throw new MalformedImage("the file's primary image is coded neither as AV1 (AVIF) nor as HEVC (HEIC)")
  }
}

/** If a file contains both an image and a sequence, whichever unpacks to more bytes counts. */
function factsOfAvif(
  meta: HeifMeta,
  coded: HeifItem,
  channels: number,
  sequence: AvifSequence | undefined,
): Pick<ImageFacts, 'format' | 'frames' | 'bitsPerSample' | 'pixels' | 'unpackedBytes'> {
  const images = topLevelImages(meta)
  const pixels = images.reduce((sum, image) => sum + unpackedPixels(image), 0)
  const tilePixels = images.reduce(
    (sum, image) => sum + Math.max(unpackedPixels(image), pixelsOfTiles(meta, image)),
    0,
  )
  const sequencePixels = sequence ? sequence.samples * sequence.width * sequence.height : 0
  const bitsPerSample = bitsOf(coded) > 8 ? 16 : 8
  return {
    format: 'avif',
    frames: Math.max(images.length, sequence?.samples ?? 0),
    bitsPerSample,
    pixels: Math.max(pixels, sequencePixels),
    unpackedBytes: (Math.max(tilePixels, sequencePixels) * channels * bitsPerSample) / 8,
  }
}

/** Only the primary image is decoded. */
function factsOfHeic(
  meta: HeifMeta,
  primary: HeifItem,
  coded: HeifItem,
  channels: number,
): Pick<ImageFacts, 'format' | 'frames' | 'bitsPerSample' | 'pixels' | 'unpackedBytes'> {
  const pixels = unpackedPixels(primary)
  const bitsPerSample = bitsOf(coded) > 8 ? 16 : 8
  const unpackedBytes = (Math.max(pixels, pixelsOfTiles(meta, primary)) * channels * bitsPerSample) / 8
  return { format: 'heic', frames: 1, bitsPerSample, pixels, unpackedBytes }
}

function factsOfSequence(sequence: AvifSequence): ImageFacts {
  const { width, height, samples, bits, hasAlpha } = sequence
  const shape = { width, height, frames: samples, channels: hasAlpha ? 4 : 3 }
  return { ...constant, format: 'avif', ...shape, bitsPerSample: bits > 8 ? 16 : 8 }
}

/** Item types that are images: ISO/IEC 23008-12 section 6.6 and the codings that libheif supports. */
const imageTypes = ['av01', 'hvc1', 'avc1', 'vvc1', 'jpeg', 'j2k1', 'unci', ...derivedTypes]

/** The pages: images that are neither hidden, nor the thumbnail, the alpha or another companion of an image. */
function topLevelImages(meta: HeifMeta): HeifItem[] {
  const companions = new Set<number>()
  for (const { type, from } of meta.references) if (type === 'thmb' || type === 'auxl') companions.add(from)
  return [...meta.items.values()].filter(
    ({ id, type, isHidden }) =>
      id === meta.primaryId || (imageTypes.includes(type) && !isHidden && !companions.has(id)),
  )
}

/** ISO/IEC 23008-12 section 6.5: `ispe`, then the crops and turns in their order. Undefined without `ispe`. */
function displayedSize(item: HeifItem): { width: number; height: number } | undefined {
  const coded = item.properties.findLast(property => property.type === 'ispe')
  if (!coded) return undefined
  let { width, height } = coded
  for (const property of item.properties) {
    if (property.type === 'clap') ({ width, height } = cropOf(property.aperture, { width, height }))
    else if (property.type === 'irot' && property.isQuarterTurn) [width, height] = [height, width]
  }
  return { width, height }
}

/** The whole coded image is unpacked before a crop takes a part of it. */
function unpackedPixels(item: HeifItem): number {
  const displayed = displayedSize(item)
  const areas = item.properties.map(property =>
    property.type === 'ispe' ? property.width * property.height : 0,
  )
  return Math.max(displayed ? displayed.width * displayed.height : 0, ...areas)
}

/** Section 6.6.2.3: all tiles of a grid are unpacked, and together they are at least as large as the grid. */
function pixelsOfTiles(meta: HeifMeta, item: HeifItem): number {
  const ids = derivedFrom(meta, item.id)
  return ids.reduce((sum, id) => {
    const tile = meta.items.get(id)
    return sum + (tile ? unpackedPixels(tile) : 0)
  }, 0)
}

/** The codec's own configuration counts. `pixi` repeats it, and is used only if the configuration is missing. */
function bitsOf(item: HeifItem): number {
  const bits = item.properties.filter(property => property.type === 'bits')
  return (bits.find(property => property.isConfiguration) ?? bits[0])?.bits ?? 8
}

/** AVIF 1.1 section 4: an auxiliary image of type alpha, of the image or of a tile of its grid. */
function hasAlpha(meta: HeifMeta, primary: HeifItem): boolean {
  const owners = new Set([primary.id, ...(primary.type === 'grid' ? derivedFrom(meta, primary.id) : [])])
  return meta.references.some(
    ({ type, from, to }) =>
      type === 'auxl' &&
      to.some(id => owners.has(id)) &&
      meta.items.get(from)?.properties.some(property => property.type === 'alpha'),
  )
}
