import { NotWellFormed } from '../not-well-formed.ts'
import { type Frame, samplingOf } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { allocatePlanes } from './planes.ts'
import type { Jpeg } from './read-jpeg.ts'
import { zigzag } from './zigzag.ts'

/**
 * Turns an image as its EXIF orientation (1 to 8) asks for, as jpegtran does: blocks change places, coefficients
 * change places and signs in them.
 *
 * @throws NotWellFormed where the edge to be mirrored cuts through an MCU: what fills it up would come to the front
 */
export function turnImage(kernel: JpegKernel, jpeg: Jpeg, orientation: number): Jpeg {
  if (orientation === 1) return jpeg
  const [isTransposed, mirrorsRows, mirrorsColumns] = turns[orientation - 1] ?? noTurn
  const frame = isTransposed ? transposed(jpeg.frame) : jpeg.frame
  const { horizontal, vertical } = samplingOf(frame)
  if (
    (mirrorsRows && frame.width % (8 * horizontal) > 0) ||
    (mirrorsColumns && frame.height % (8 * vertical) > 0)
  )
    throw new NotWellFormed('an edge to be mirrored lies within a block')
  const froms = zigzag.map((index, k) => {
    return isTransposed ? zigzag.indexOf((index & 7) * 8 + (index >> 3)) : k
  })
  const signs = zigzag.map(index => {
    const isNegative = (mirrorsRows && index % 2 === 1) !== (mirrorsColumns && (index >> 3) % 2 === 1)
    return isNegative ? -1 : 1
  })
  const bytes = new Int8Array(kernel.memory.buffer)
  bytes.set(froms, kernel.turnedFromAt.value)
  bytes.set(signs, kernel.turnedSignsAt.value)
  const planes = allocatePlanes(kernel, frame)
  for (const [index, plane] of planes.entries()) {
    const source = jpeg.planes[index]?.at ?? 0
    kernel.turnPlane(source, plane.at, plane.across, plane.down, isTransposed, mirrorsRows, mirrorsColumns)
  }
  const quantisation = jpeg.quantisation.map(table => Uint8Array.from(froms, from => table[from] ?? 1))
  const [units = 0, ...pixels] = jpeg.density
  const density = isTransposed
    ? Uint8Array.of(units, ...pixels.slice(2), ...pixels.slice(0, 2))
    : jpeg.density
  return { frame, planes, quantisation, density }
}

function transposed({ width, height, components, ...frame }: Frame): Frame {
  const turned = components.map(({ horizontal, vertical, ...component }) => {
    return { ...component, horizontal: vertical, vertical: horizontal }
  })
  return { ...frame, width: height, height: width, components: turned }
}

type Turn = readonly [isTransposed: boolean, mirrorsRows: boolean, mirrorsColumns: boolean]

const noTurn: Turn = [false, false, false]

/** Of orientations 1 to 8 (Exif 2.32, 4.6.4 A): whether rows become columns, and what is mirrored then. */
const turns: readonly Turn[] = [
  noTurn,
  [false, true, false],
  [false, true, true],
  [false, false, true],
  [true, false, false],
  [true, true, false],
  [true, true, true],
  [true, false, true],
]
