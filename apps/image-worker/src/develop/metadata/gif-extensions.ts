import type { WrittenMetadata } from './written-metadata.ts'

/**
 * XMP in a GIF is not in sub-blocks. A reader that treats its bytes as lengths ends up somewhere in this trailer, whose
 * bytes count down and lead it to the zero at the end (XMP specification part 3, 1.1.2.3).
 */
const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, index) => 255 - index), 0])

/** The start of the extension: its kind, the length of its name, and the name. */
const introducer = Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1')

/** Puts metadata into a GIF, before the byte that ends it. GIF has a place for XMP, but not for EXIF or IPTC. */
export function attachToGif(gif: Uint8Array, { xmp }: WrittenMetadata): Uint8Array {
  if (!xmp) return gif
  return Buffer.concat([gif.subarray(0, -1), introducer, xmp, trailer, gif.subarray(-1)])
}

/** The XMP of a GIF; undefined if it has no XMP. Its introducer can only appear where an extension is allowed. */
export function xmpOfGif(gif: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(gif.buffer, gif.byteOffset, gif.byteLength)
  const at = bytes.indexOf(introducer)
  const end = at === -1 ? -1 : bytes.indexOf(trailer, at)
  return end === -1 ? undefined : bytes.subarray(at + introducer.length, end)
}
