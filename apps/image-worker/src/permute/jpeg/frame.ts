import { NotWellFormed } from '../not-well-formed.ts'

/** Across and down. */
interface Factors {
  readonly horizontal: number
  readonly vertical: number
}

/** Has sampling factors, in blocks of an MCU: 1 to 4. */
export interface Component extends Factors {
  readonly id: number
  /** The number of its quantisation table. */
  readonly table: number
}

export interface Frame {
  readonly width: number
  readonly height: number
  readonly isProgressive: boolean
  /** One to four components. */
  readonly components: readonly Component[]
}

/**
 * A frame header (T.81, B.2.2) with eight-bit samples.
 *
 * @throws NotWellFormed for any other header
 */
export function parseFrame(data: Buffer, isProgressive: boolean): Frame {
  const count = data[5] ?? 0
  if (data.length !== 6 + 3 * count) throw new NotWellFormed('the frame header has a wrong length')
  const [bits, height, width] = [data.readUInt8(0), data.readUInt16BE(1), data.readUInt16BE(3)]
  if (bits !== 8) throw new NotWellFormed('the samples do not have eight bits')
  if (width === 0 || height === 0) throw new NotWellFormed('the image has no pixels')
  if (count < 1 || count > 4) throw new NotWellFormed('the image does not have one to four components')
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, sampling = 0, table = 0] = data.subarray(6 + 3 * index)
    // A single component is coded block by block, with any sampling factors (T.81, A.2.2).
    const [horizontal, vertical] = count === 1 ? [1, 1] : [sampling >> 4, sampling & 15]
    return { id, horizontal, vertical, table }
  })
  if (components.some(({ horizontal, vertical }) => !isFactor(horizontal) || !isFactor(vertical)))
    throw new NotWellFormed('the components are sampled in an unusual way')
  if (new Set(components.map(({ id }) => id)).size < count)
    throw new NotWellFormed('two components have the same name')
  return { width, height, isProgressive, components }
}

/** T.81, B.2.2: Hi and Vi. */
function isFactor(value: number): boolean {
  return value >= 1 && value <= 4
}

/**
 * Throws NotWellFormed unless a frame is grey, or has three components of which the last two have the same size: that
 * of the first, or a half or a quarter of it across, down or both. Also throws for more samples than fit in memory. All
 * factors may have a common divisor: some encoders write 2, 2 and 2 instead of 1, 1 and 1.
 */
export function expectLumaBeforeChroma({ width, height, components }: Frame): void {
  if (width * height * components.length > maxSamples)
    throw new NotWellFormed('the image has too many pixels')
  if (components.length !== 1 && components.length !== 3)
    throw new NotWellFormed('the image is neither grey nor has three components')
  const [first, second] = components.slice(1)
  const areAlike = first?.horizontal === second?.horizontal && first?.vertical === second?.vertical
  const { horizontal, vertical } = samplingOf({ components })
  // An MCU of all components has at most ten blocks (T.81, B.2.3).
  const blocks = components.reduce((sum, component) => sum + component.horizontal * component.vertical, 0)
  if (!areAlike || !ratios.includes(horizontal) || !ratios.includes(vertical) || blocks > 10)
    throw new NotWellFormed('the components are sampled in an unusual way')
}

const ratios = [1, 2, 4]

/**
 * Two bytes each, and as many for turned coefficients: half of the 2 GiB that a kernel can address with positive
 * numbers.
 */
const maxSamples = 2 ** 28

/** The number of luma samples for each sample of the first chroma component: 1 in a grey image. */
export function samplingOf({ components }: Pick<Frame, 'components'>): Factors {
  const [luma, chroma = luma] = components
  if (!luma || !chroma) return { horizontal: 1, vertical: 1 }
  return { horizontal: luma.horizontal / chroma.horizontal, vertical: luma.vertical / chroma.vertical }
}

/** The size of an MCU in blocks: the largest sampling factors. */
export function unitOf({ components }: Frame): Factors {
  return {
    horizontal: Math.max(...components.map(({ horizontal }) => horizontal)),
    vertical: Math.max(...components.map(({ vertical }) => vertical)),
  }
}
