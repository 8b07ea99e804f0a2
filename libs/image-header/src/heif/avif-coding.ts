import type { ByteSource } from '../byte-source.ts'
import { HeaderReader } from '../header-reader.ts'
import { MalformedImage } from '../malformed-image.ts'
import { type Av1Quantisation, readAv1Quantisation } from './av1-frame.ts'
import { type Av1Sequence, type ChromaSubsampling, type Cicp, readAv1Sequence } from './av1-sequence.ts'
import { BitReader } from './bit-reader.ts'
import { type Box, BoxWalker } from './boxes.ts'
import { firstCodedItem } from './derivation.ts'
import { type ItemLocation, readLocations } from './item-locations.ts'
import { readMeta } from './items.ts'

/** How the primary image of an AVIF is coded, and what its colours mean. */
export interface AvifCoding {
  /** The container's numbers, which decoders prefer; otherwise those of the AV1 data. */
  cicp: Cicp
  /** Undefined, like the quantiser, when the AV1 data begins with a frame that depends on others. */
  subsampling: ChromaSubsampling | undefined
  /** base_q_idx, 0 to 255: about the quality. */
  quantiser: number | undefined
  /** Whether coding lost nothing. Subsampling, which comes before it, may. */
  isLossless: boolean
  isPremultiplied: boolean
  places: CicpPlaces
}

/** The positions of the CICP numbers in the file. */
interface CicpPlaces {
  /** For each `colr` box, the byte where its three 16-bit numbers begin. */
  containers: number[]
  /** The bit of the file where three 8-bit numbers begin. */
  sequence: number | undefined
}

/**
 * Reads how an AVIF is coded, from its boxes and the headers of its AV1 data. Undefined for an image sequence without
 * an image.
 *
 * @throws MalformedImage
 */
export async function readAvifCoding(source: ByteSource): Promise<AvifCoding | undefined> {
  const walker = new BoxWalker(new HeaderReader(source))
  for await (const box of walker.topLevel()) if (box.type === 'meta') return readCoding(walker, box)
  return undefined
}

async function readCoding(walker: BoxWalker, box: Box): Promise<AvifCoding> {
  const meta = await readMeta(walker, box)
  const primary = meta.items.get(meta.primaryId)
  const item = primary && firstCodedItem(meta, primary)
  const coded = item?.type === 'av01' ? item.id : undefined
  const start = coded === undefined ? undefined : await startOfItem(walker, box, coded)
  const headers = start && readHeaders(start)
  const ids = [meta.primaryId, ...(coded === undefined ? [] : [coded])]
  const properties = ids.flatMap(id => meta.items.get(id)?.properties ?? [])
  const containers = properties.filter(property => property.type === 'nclx')
  const sequence = headers?.sequence
  return {
    cicp: containers[0]?.cicp ?? sequence?.cicp ?? unspecified,
    subsampling: sequence?.subsampling,
    quantiser: headers?.quantisation?.index,
    isLossless: headers?.quantisation?.isLossless ?? false,
    isPremultiplied: meta.references.some(({ type, from }) => type === 'prem' && from === meta.primaryId),
    places: {
      containers: [...new Set(containers.map(({ at }) => at))],
      sequence: headers?.cicpAt,
    },
  }
}

const unspecified: Cicp = { primaries: 2, transfer: 2, matrix: 2, isFullRange: true }

/** The headers of a frame take less than this. */
const headBytes = 4096

async function startOfItem(
  walker: BoxWalker,
  meta: Box,
  id: number,
): Promise<{ at: number; data: Uint8Array } | undefined> {
  let location: ItemLocation | undefined
  let idat: Box | undefined
  for await (const box of walker.children(meta, 4)) {
    if (box.type === 'iloc') location = (await readLocations(walker, box)).get(id)
    else if (box.type === 'idat') idat = box
  }
  if (!location || (!location.isInFile && !idat)) return undefined
  const at = location.offset + (location.isInFile ? 0 : (idat?.body ?? 0))
  const length = Math.min(location.length || headBytes, headBytes, walker.reader.size - at)
  if (length <= 0) throw new MalformedImage("the AVIF's image data lies outside the file")
  const view = await walker.reader.view(at, length)
  return { at, data: new Uint8Array(view.buffer, view.byteOffset, view.byteLength) }
}

const obuTypes = { sequenceHeader: 1, frameHeader: 3, frame: 6 } as const

interface Headers {
  sequence: Av1Sequence
  /** As a bit of the file. */
  cicpAt: number | undefined
  quantisation: Av1Quantisation | undefined
}

/** The first sequence header and the first frame header of open bitstream units (AV1 specification, section 5.3). */
function readHeaders({ at: start, data }: { at: number; data: Uint8Array }): Headers | undefined {
  let sequence: Av1Sequence | undefined
  let cicpAt: number | undefined
  for (let at = 0; at < data.length; ) {
    const bits = new BitReader(data, 8 * at)
    bits.flag()
    const type = bits.number(4)
    const [hasExtension, hasSize] = [bits.flag(), bits.flag()]
    bits.number(hasExtension ? 9 : 1)
    const length = hasSize ? readLength(bits) : data.length - bits.position / 8
    const body = bits.position / 8
    const own = new BitReader(data.subarray(body, body + length))
    if (type === obuTypes.sequenceHeader) {
      sequence = readAv1Sequence(own)
      cicpAt = sequence.cicpAt && 8 * (start + body) + sequence.cicpAt
    } else if (sequence && (type === obuTypes.frameHeader || type === obuTypes.frame)) {
      return { sequence, cicpAt, quantisation: readAv1Quantisation(own, sequence) }
    }
    at = body + length
  }
  return undefined
}

/** leb128(): seven bits a byte, the lowest first. */
function readLength(bits: BitReader): number {
  let length = 0
  for (let byte = 0; byte < 8; byte++) {
    const goesOn = bits.flag()
    length += bits.number(7) * 2 ** (7 * byte)
    if (!goesOn) break
  }
  return length
}
