import type { CarriedMetadata } from '../raster.ts'
import { withoutPrefix } from './exif.ts'
import { asPhotoshopResource } from './iptc.ts'

/** What a segment holds besides its length field. */
const maxSegmentBytes = 65_533

/**
 * Puts metadata into a JPEG behind its JFIF header, each kind in its own APPn segments: EXIF (Exif 2.32, 4.5.4),
 * XMP (XMP specification part 3, 1.1.3), ICC (ICC.1:2022, B.4), IPTC as Photoshop has it. What doesn't fit into a
 * segment and can't be split is left out.
 */
export function attachToJpeg(jpeg: Uint8Array, { icc, exif, xmp, iptc }: CarriedMetadata): Uint8Array {
  const segments = [
    ...(exif ? segment(0xe1, 'Exif\0\0', withoutPrefix(exif)) : []),
    ...(xmp ? segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', xmp) : []),
    ...(icc ? profileSegments(icc) : []),
    ...(iptc ? segment(0xed, '', asPhotoshopResource(iptc)) : []),
  ]
  const at = endOfJfif(jpeg)
  return Buffer.concat([jpeg.subarray(0, at), ...segments, jpeg.subarray(at)])
}

function profileSegments(icc: Uint8Array): Buffer[] {
  const name = 'ICC_PROFILE\0'
  const room = maxSegmentBytes - name.length - 2
  const count = Math.ceil(icc.length / room)
  if (count > 255) return []
  return Array.from({ length: count }, (_, index) => {
    const part = icc.subarray(index * room, (index + 1) * room)
    return segment(0xe2, name, Buffer.concat([Uint8Array.of(index + 1, count), part]))
  }).flat()
}

function segment(marker: number, name: string, content: Uint8Array): Buffer[] {
  const length = name.length + content.length
  if (length > maxSegmentBytes) return []
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(length + 2, 2)
  return [Buffer.concat([head, Buffer.from(name, 'latin1'), content])]
}

/** Behind SOI and, if it is there, APP0. */
function endOfJfif(jpeg: Uint8Array): number {
  const hasJfif = jpeg[2] === 0xff && jpeg[3] === 0xe0
  return hasJfif ? 4 + (jpeg[4] ?? 0) * 256 + (jpeg[5] ?? 0) : 2
}
