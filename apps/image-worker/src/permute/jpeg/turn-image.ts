import { NotWellFormed } from '../not-well-formed.ts'
import { isTurned, swapsAxes, type Turn } from '../turn.ts'
import { type Frame, unitOf } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { blockBytes, describePlanes } from './planes.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import type { Jpeg } from './read-jpeg.ts'
import { zigzag } from './zigzag.ts'

/** @throws NotWellFormed when a mirrored edge cuts through an MCU, because its padding would move to the front */
export function expectTurnable(frame: Frame, turn: Turn): void {
  const { mirrorsRows, mirrorsColumns } = mirroredAxes(turn)
  const turned = swapsAxes(turn) ? transposed(frame) : frame
  const { horizontal, vertical } = unitOf(turned)
  if (
    (mirrorsRows && turned.width % (8 * horizontal) > 0) ||
    (mirrorsColumns && turned.height % (8 * vertical) > 0)
  )
    throw new NotWellFormed('a mirrored edge cuts through a block')
}

/**
 * Turns an image that `expectTurnable` accepts, as jpegtran does: blocks change places, and coefficients inside them
 * change places and signs. Overwrites the image.
 */
export function turnImage(kernel: JpegKernel, jpeg: Jpeg, turn: Turn): Jpeg {
  if (!isTurned(turn)) return jpeg
  const isTransposed = swapsAxes(turn)
  const { mirrorsRows, mirrorsColumns } = mirroredAxes(turn)
  const frame = isTransposed ? transposed(jpeg.frame) : jpeg.frame
  const signs = zigzag.map(index => {
    const isNegative = (mirrorsRows && index % 2 === 1) !== (mirrorsColumns && (index >> 3) % 2 === 1)
    return isNegative ? -1 : 1
  })
  new Int16Array(kernel.memory.buffer).set(signs, kernel.turnedSignsAt.value / Int16Array.BYTES_PER_ELEMENT)
  new Uint8Array(kernel.memory.buffer).set(isTransposed ? transposedBytes : [], kernel.turnedBytesAt.value)
  // If rows stay rows, blocks are exchanged in place.
  const planes = describePlanes(kernel, frame, (blocks, index) =>
    isTransposed ? kernel.allocate(blocks * blockBytes) : (jpeg.planes[index]?.at ?? 0),
  )
  for (const [index, { at, across, down }] of planes.entries()) {
    const source = jpeg.planes[index]?.at ?? 0
    if (isTransposed) kernel.transposePlane(source, at, across, down, mirrorsRows, mirrorsColumns)
    else kernel.mirrorPlane(at, across, down, mirrorsRows, mirrorsColumns)
  }
  const quantisation = isTransposed ? jpeg.quantisation.map(transposedTable) : jpeg.quantisation
  const [units = 0, ...pixels] = jpeg.density
  const density = isTransposed
    ? Uint8Array.of(units, ...pixels.slice(2), ...pixels.slice(0, 2))
    : jpeg.density
  return { frame, planes, quantisation, density }
}

/** If rows become columns, the axes to mirror after that. */
function mirroredAxes(turn: Turn): { mirrorsRows: boolean; mirrorsColumns: boolean } {
  const { mirrored, angle } = turn
  return swapsAxes(turn)
    ? { mirrorsRows: angle === 90, mirrorsColumns: mirrored !== (angle === 270) }
    : { mirrorsRows: mirrored !== (angle === 180), mirrorsColumns: angle === 180 }
}

function transposed({ width, height, components, ...frame }: Frame): Frame {
  const turned = components.map(({ horizontal, vertical, ...component }) => {
    return { ...component, horizontal: vertical, vertical: horizontal }
  })
  return { ...frame, width: height, height: width, components: turned }
}

/** For each coefficient in zigzag order, its index after rows become columns. It moves by at most 7. */
const transposedIndices = zigzag.map(index => zigzag.indexOf((index & 7) * 8 + (index >> 3)))

/**
 * For each eight of a block's coefficients: the bytes that they take from the previous eight, the same eight and the
 * next eight when rows become columns. 16 each, 255 for none.
 */
const transposedBytes = Array.from({ length: 8 * 3 * 16 }, (_, at) => {
  const [eight, part, byte] = [Math.floor(at / 48), Math.floor(at / 16) % 3, at % 16]
  const from = 2 * (transposedIndices[8 * eight + (byte >> 1)] ?? 0) + (byte & 1)
  const place = from - 16 * (eight + part - 1)
  return place >= 0 && place < 16 ? place : 255
})

function transposedTable(table: QuantisationTable): QuantisationTable {
  return Uint8Array.from(transposedIndices, from => table[from] ?? 1)
}
