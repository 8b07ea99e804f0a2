import { isNamed, markers } from '../../permute/jpeg/jpeg-markers.ts'
import { encodeSegment, maxSegmentBytes, type Segment, segmentsOf } from '../jpeg/segments.ts'
import { exifBytes } from './exif.ts'
import { asPhotoshopResource } from './iptc.ts'
import { inUnit, inWholeNumbers, type Resolution, type ResolutionUnit, resolutionOf } from './resolution.ts'
import type { WrittenMetadata } from './written-metadata.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')
/** The name that begins the APP1 segment of XMP. */
export const xmpName = latin1('http://ns.adobe.com/xap/1.0/\0')

/**
 * Puts metadata into a JPEG: the resolution into its JFIF header, and after it each kind into its own APPn segments:
 * EXIF (Exif 2.32, 4.5.4), XMP (XMP specification part 3, 1.1.3), ICC (ICC.1:2022, B.4), IPTC in Photoshop's format.
 * Leaves out metadata that are too large for a segment and can't be split. If there is only the resolution, changes
 * `jpeg` itself.
 */
export function attachToJpeg(
  jpeg: Uint8Array,
  { icc, exif, xmp, iptc, resolution }: WrittenMetadata,
): Uint8Array {
  const header = jfifHeader(resolution)
  const [first] = segmentsOf(jpeg)
  const rest = first && isJfif(first) ? first.end : 2
  const segments = [
    ...(exif ? fitting(markers.app1, latin1('Exif\0\0'), exifBytes(exif)) : []),
    ...(xmp ? fitting(markers.app1, xmpName, xmp) : []),
    ...(icc ? profileSegments(icc) : []),
    ...(iptc ? fitting(markers.app13, asPhotoshopResource(iptc)) : []),
  ]
  if (segments.length === 0 && rest === 2 + header.length) {
    jpeg.set(header, 2)
    return jpeg
  }
  return Buffer.concat([jpeg.subarray(0, 2), header, ...segments, jpeg.subarray(rest)])
}

function profileSegments(icc: Uint8Array): Buffer[] {
  const name = latin1('ICC_PROFILE\0')
  const room = maxSegmentBytes - name.length - 2
  const count = Math.ceil(icc.length / room)
  if (count > 255) return []
  return Array.from({ length: count }, (_, index) => {
    const part = icc.subarray(index * room, (index + 1) * room)
    return encodeSegment(markers.app2, name, Uint8Array.of(index + 1, count), part)
  })
}

function fitting(marker: number, ...parts: Uint8Array[]): Buffer[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return length > maxSegmentBytes ? [] : [encodeSegment(marker, ...parts)]
}

/** JFIF 1.02, page 5. */
const units: readonly ResolutionUnit[] = ['none', 'inch', 'centimetre']

/** The resolution in the JFIF header. Encoders write square pixels without a unit if they get no resolution. */
export function resolutionOfJfif(jpeg: Uint8Array): Resolution | undefined {
  // Like decoders, takes the last of several headers.
  const header = [...segmentsOf(jpeg)].findLast(isJfif)?.data
  if (!header) return undefined
  const view = Buffer.from(header)
  const resolution = resolutionOf(view.readUInt16BE(8), view.readUInt16BE(10), units[view[7] ?? 0])
  return resolution?.unit === 'none' && resolution.x === 1 && resolution.y === 1 ? undefined : resolution
}

/** The XMP of a JPEG, without the segments of extended XMP (XMP specification part 3, 1.1.3.1), which are left out. */
export function xmpOfJpeg(jpeg: Uint8Array): Uint8Array | undefined {
  for (const { marker, data } of segmentsOf(jpeg))
    if (marker === markers.app1 && xmpName.equals(data.subarray(0, xmpName.length)))
      return data.subarray(xmpName.length)
  return undefined
}

function isJfif({ marker, data }: Segment): boolean {
  return marker === markers.app0 && isNamed('JFIF\0', data, 14)
}

function jfifHeader(resolution: Resolution | undefined): Buffer {
  const { x, y, unit } = (resolution && jfifResolution(resolution)) ?? { x: 1, y: 1, unit: 'none' }
  const header = Buffer.from('JFIF\0\x01\x02\0\0\0\0\0\0\0', 'latin1')
  header[7] = units.indexOf(unit)
  header.writeUInt16BE(x, 8)
  header.writeUInt16BE(y, 10)
  return encodeSegment(markers.app0, header)
}

/** In centimetres only if the numbers are whole. */
function jfifResolution(resolution: Resolution): Resolution | undefined {
  const isWhole = Number.isInteger(resolution.x) && Number.isInteger(resolution.y)
  const stays = resolution.unit === 'none' || (resolution.unit === 'centimetre' && isWhole)
  return inWholeNumbers(stays ? resolution : inUnit(resolution, 'inch'), 65_535)
}
