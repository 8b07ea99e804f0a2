import type { Rectangle } from '../rectangle.ts'
import { type Frame, unitOf } from './frame.ts'
import { withJpegKernel } from './jpeg-kernel.ts'
import { readJpegWith } from './read-jpeg.ts'
import { ScanCutter } from './scan-cutter.ts'
import type { ScannedFile } from './scan-reader.ts'
import { writeScans } from './write-jpeg.ts'

/** A part of a JPEG as a file. */
interface JpegPart {
  jpeg: Uint8Array
  /** Its position in the original. */
  window: Rectangle
}

/**
 * Cuts a part out of a sequential JPEG of one scan: whole MCUs that contain the rectangle of pixels and a margin.
 * Decoders give these pixels the same values as in the original, because upsampling finds the same neighbours. The
 * codes outside the part are followed to make sure that they are complete.
 *
 * @throws NotWellFormed as `permuteJpeg` does, and for files that are progressive or have several scans
 */
export function cutJpeg(input: Uint8Array, rectangle: Rectangle): JpegPart {
  return withJpegKernel(kernel => {
    const makeHandler = (file: ScannedFile) => new ScanCutter(file, frame => unitsAround(rectangle, frame))
    const { frame, quantisation, density, handler } = readJpegWith(kernel, input, makeHandler)
    const { width, height } = handler.window
    const part = { frame: { ...frame, width, height }, quantisation, density }
    return { jpeg: writeScans(part, handler.scans), window: handler.window }
  })
}

/** Extends a rectangle to whole MCUs, and by one more MCU on each side, within the frame. */
function unitsAround({ left, top, width, height }: Rectangle, frame: Frame): Rectangle {
  const { horizontal, vertical } = unitOf(frame)
  const [start, end] = around(left, left + width, 8 * horizontal, frame.width)
  const [first, last] = around(top, top + height, 8 * vertical, frame.height)
  return { left: start, top: first, width: end - start, height: last - first }
}

function around(from: number, to: number, unit: number, end: number): readonly [number, number] {
  return [Math.max(Math.floor(from / unit) - 1, 0) * unit, Math.min((Math.ceil(to / unit) + 1) * unit, end)]
}
