import type { WrittenMetadata } from './written-metadata.ts'

/**
 * XMP isn't in sub-blocks as all else is: a reader that takes its bytes for lengths is led, wherever it gets, to the
 * zero at the end by a trailer that counts down (XMP specification part 3, 1.1.2.3).
 */
const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, index) => 255 - index), 0])

/** Puts metadata into a GIF, before the byte that ends it. GIF has a place for XMP, none for EXIF or IPTC. */
export function attachToGif(gif: Uint8Array, { xmp }: WrittenMetadata): Uint8Array {
  if (!xmp) return gif
  const introducer = Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1')
  return Buffer.concat([gif.subarray(0, -1), introducer, xmp, trailer, gif.subarray(-1)])
}

/** Where the extension may stand, its name does nowhere else. */
export function xmpOfGif(gif: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(gif.buffer, gif.byteOffset, gif.byteLength)
  const introducer = Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1')
  const at = bytes.indexOf(introducer)
  const end = at === -1 ? -1 : bytes.indexOf(trailer, at)
  return end === -1 ? undefined : bytes.subarray(at + introducer.length, end)
}
