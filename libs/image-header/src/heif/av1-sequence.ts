import type { BitReader } from './bit-reader.ts'

/** Colours by number (ITU-T H.273): 2 is unspecified. */
export interface Cicp {
  primaries: number
  transfer: number
  matrix: number
  isFullRange: boolean
}

export type ChromaSubsampling = '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4'

/**
 * The parts of an AV1 sequence header (AV1 specification, section 5.5) that its frame headers and its colours depend
 * on.
 */
export interface Av1Sequence {
  isReduced: boolean
  /** Undefined when frames have no decoder model. */
  decoderModel: DecoderModel | undefined
  frameSizeBits: { width: number; height: number }
  width: number
  height: number
  frameIdBits: number
  usesLargeSuperblocks: boolean
  /** 2 leaves the choice to each frame. */
  screenContentTools: number
  integerMotion: number
  orderHintBits: number
  mayBeSuperResolved: boolean
  hasSeparateChromaDeltas: boolean
  cicp: Cicp
  subsampling: ChromaSubsampling
  /** The position, in bits, of the three bytes for primaries, transfer and matrix; undefined without them. */
  cicpAt: number | undefined
}

interface DecoderModel {
  removalTimeBits: number
  presentationTimeBits: number
  hasEqualIntervals: boolean
  /** The operating points whose frames have a removal time. */
  points: number
}

const chosenByFrames = 2

export function readAv1Sequence(bits: BitReader): Av1Sequence {
  const profile = bits.number(3)
  bits.flag() // still picture
  const isReduced = bits.flag()
  let decoderModel: DecoderModel | undefined
  if (isReduced) bits.number(5)
  else decoderModel = readOperatingPoints(bits)

  const frameSizeBits = { width: bits.number(4) + 1, height: bits.number(4) + 1 }
  const width = bits.number(frameSizeBits.width) + 1
  const height = bits.number(frameSizeBits.height) + 1
  const frameIdBits = !isReduced && bits.flag() ? bits.number(4) + bits.number(3) + 3 : 0
  const usesLargeSuperblocks = bits.flag()
  bits.number(2) // intra filters
  const tools = isReduced ? toolsOfReduced : readTools(bits)
  const mayBeSuperResolved = bits.flag()
  bits.number(2) // CDEF, restoration
  return {
    isReduced,
    decoderModel,
    frameSizeBits,
    width,
    height,
    frameIdBits,
    usesLargeSuperblocks,
    ...tools,
    mayBeSuperResolved,
    ...readColourConfiguration(bits, profile),
  }
}

function readOperatingPoints(bits: BitReader): DecoderModel | undefined {
  let model: (DecoderModel & { delayBits: number }) | undefined
  if (bits.flag()) {
    bits.number(32)
    bits.number(32)
    const hasEqualIntervals = bits.flag()
    if (hasEqualIntervals) bits.skipVariableLength()
    if (bits.flag()) {
      const delayBits = bits.number(5) + 1
      bits.number(32)
      const [removalTimeBits, presentationTimeBits] = [bits.number(5) + 1, bits.number(5) + 1]
      model = { delayBits, removalTimeBits, presentationTimeBits, hasEqualIntervals, points: 0 }
    }
  }
  const hasDisplayDelays = bits.flag()
  for (let points = bits.number(5) + 1; points > 0; points--) {
    bits.number(12)
    if (bits.number(5) > 7) bits.flag()
    if (model && bits.flag()) {
      model.points += 1
      bits.number(model.delayBits)
      bits.number(model.delayBits)
      bits.flag()
    }
    if (hasDisplayDelays && bits.flag()) bits.number(4)
  }
  return model
}

const toolsOfReduced = {
  screenContentTools: chosenByFrames,
  integerMotion: chosenByFrames,
  orderHintBits: 0,
}

function readTools(bits: BitReader): typeof toolsOfReduced {
  bits.number(4)
  const hasOrderHints = bits.flag()
  if (hasOrderHints) bits.number(2)
  const screenContentTools = bits.flag() ? chosenByFrames : bits.number(1)
  const isMotionChosen = screenContentTools === 0 || bits.flag()
  const integerMotion = isMotionChosen ? chosenByFrames : bits.number(1)
  return { screenContentTools, integerMotion, orderHintBits: hasOrderHints ? bits.number(3) + 1 : 0 }
}

/** Section 5.5.2. */
function readColourConfiguration(
  bits: BitReader,
  profile: number,
): Pick<Av1Sequence, 'cicp' | 'subsampling' | 'cicpAt' | 'hasSeparateChromaDeltas'> {
  const isDeep = bits.flag()
  const hasTwelveBits = profile === 2 && isDeep && bits.flag()
  const isMonochrome = profile !== 1 && bits.flag()
  const isDescribed = bits.flag()
  const cicpAt = isDescribed ? bits.position : undefined
  const [primaries, transfer, matrix] = isDescribed
    ? [bits.number(8), bits.number(8), bits.number(8)]
    : [2, 2, 2]
  const numbers = { primaries, transfer, matrix }
  if (isMonochrome) {
    const cicp = { ...numbers, isFullRange: bits.flag() }
    return { cicp, cicpAt, subsampling: '4:0:0', hasSeparateChromaDeltas: false }
  }
  if (isImplicit(numbers)) {
    const cicp = { ...numbers, isFullRange: true }
    return { cicp, cicpAt, subsampling: '4:4:4', hasSeparateChromaDeltas: bits.flag() }
  }
  const cicp = { ...numbers, isFullRange: bits.flag() }
  const subsampling = readSubsampling(bits, profile, hasTwelveBits)
  if (subsampling === '4:2:0') bits.number(2)
  return { cicp, cicpAt, subsampling, hasSeparateChromaDeltas: bits.flag() }
}

/** Whether the colours are plain sRGB, whose range and subsampling are implied and aren't written. */
function isImplicit({ primaries, transfer, matrix }: Omit<Cicp, 'isFullRange'>): boolean {
  return primaries === 1 && transfer === 13 && matrix === 0
}

function readSubsampling(bits: BitReader, profile: number, hasTwelveBits: boolean): ChromaSubsampling {
  if (profile === 0) return '4:2:0'
  if (profile === 1) return '4:4:4'
  if (!hasTwelveBits) return '4:2:2'
  if (!bits.flag()) return '4:4:4'
  return bits.flag() ? '4:2:0' : '4:2:2'
}
