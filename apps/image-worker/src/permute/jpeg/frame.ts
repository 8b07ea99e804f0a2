import { NotWellFormed } from '../not-well-formed.ts'

export interface Component {
  readonly id: number
  /** Sampling factors, blocks in an MCU: 1 to 4. */
  readonly horizontal: number
  readonly vertical: number
  /** The number of its quantisation table. */
  readonly table: number
}

export interface Frame {
  readonly width: number
  readonly height: number
  readonly isProgressive: boolean
  /** One to four. */
  readonly components: readonly Component[]
}

/**
 * A frame header (T.81, B.2.2) of eight-bit samples.
 *
 * @throws NotWellFormed for any other
 */
export function parseFrame(data: Buffer, isProgressive: boolean): Frame {
  const count = data[5] ?? 0
  if (data.length !== 6 + 3 * count) throw new NotWellFormed('the frame header has another length')
  const [bits, height, width] = [data.readUInt8(0), data.readUInt16BE(1), data.readUInt16BE(3)]
  if (bits !== 8) throw new NotWellFormed('the samples have not eight bits')
  if (width === 0 || height === 0) throw new NotWellFormed('the image has no pixels')
  if (count < 1 || count > 4) throw new NotWellFormed('the image has more components than four')
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, sampling = 0, table = 0] = data.subarray(6 + 3 * index)
    // A single component is coded block by block, whatever its factors (T.81, A.2.2).
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
 * of the first, or a half or a fourth of it across, down or both; and for more samples than there is room for.
 */
export function expectLumaBeforeChroma({ width, height, components }: Frame): void {
  if (width * height * components.length > maxSamples)
    throw new NotWellFormed('the image has too many pixels')
  if (components.length !== 1 && components.length !== 3)
    throw new NotWellFormed('the image is neither grey nor of three components')
  const [luma, ...chroma] = components
  const isKnown = luma && factors.includes(luma.horizontal) && factors.includes(luma.vertical)
  // An MCU of all components has ten blocks at most (T.81, B.2.3).
  const isSmall = luma && luma.horizontal * luma.vertical + chroma.length <= 10
  if (!isKnown || !isSmall || chroma.some(({ horizontal, vertical }) => horizontal !== 1 || vertical !== 1))
    throw new NotWellFormed('the components are sampled in an unusual way')
}

const factors = [1, 2, 4]

/** Two bytes each, and turned ones beside them: half of the 2 GiB to which a kernel's addresses are numbers from 0. */
const maxSamples = 2 ** 28

/** The largest sampling factors, luma's: how many samples of it there are to one of chroma. */
export function samplingOf({ components }: Frame): { horizontal: number; vertical: number } {
  return {
    horizontal: Math.max(...components.map(({ horizontal }) => horizontal)),
    vertical: Math.max(...components.map(({ vertical }) => vertical)),
  }
}
