import { type CleanAperture, type Crop, cropOf } from '@darkroom/image-header'
import type { Size } from '../../permute/rectangle.ts'
import { encodeBox, type FileBox, int32 } from './file-boxes.ts'

/**
 * The crops among the transformations of the primary image, for an item of another size, such as its transparency: each
 * cuts a part out of the result of the transformations before it.
 */
export function cropsOfItem(
  file: Buffer,
  transformations: readonly FileBox[],
  primary: Size,
  item: Size,
): Buffer[] {
  let [whole, own] = [primary, item]
  const crops: Buffer[] = []
  for (const { type, body } of transformations) {
    if (type === 'irot' && ((file[body] ?? 0) & 1) === 1) [whole, own] = [swapped(whole), swapped(own)]
    if (type !== 'clap') continue
    const crop = cropOf(apertureAt(file, body), whole)
    const ownCrop = scaled(crop, whole, own)
    crops.push(encodeCrop(ownCrop, own))
    whole = crop
    own = ownCrop
  }
  return crops
}

function swapped({ width, height }: Size): Size {
  return { width: height, height: width }
}

/** Includes the pixels of which only a part belongs to the crop. Divides last, so that whole results are exact. */
function scaled({ left, top, width, height }: Crop, from: Size, to: Size): Crop {
  const right = Math.ceil(((left + width) * to.width) / from.width)
  const bottom = Math.ceil(((top + height) * to.height) / from.height)
  const [x, y] = [Math.floor((left * to.width) / from.width), Math.floor((top * to.height) / from.height)]
  return { left: x, top: y, width: right - x, height: bottom - y }
}

/** ISO/IEC 14496-12, 12.1.4: fractions of 32 bits. */
function apertureAt(file: Buffer, body: number): CleanAperture {
  const size = (at: number) => file.readUInt32BE(body + at) / file.readUInt32BE(body + at + 4)
  const offset = (at: number) => file.readInt32BE(body + at) / file.readUInt32BE(body + at + 4)
  return { width: size(0), height: size(8), right: offset(16), down: offset(24) }
}

/** The offsets of the centre are in half pixels. */
function encodeCrop({ left, top, width, height }: Crop, whole: Size): Buffer {
  const [right, down] = [2 * left + width - whole.width, 2 * top + height - whole.height]
  return encodeBox('clap', ...[width, 1, height, 1, right, 2, down, 2].map(int32))
}
