const orientationTag = 0x0112
/** TIFF 6.0, section 2: a SHORT it should be; signed or not is the same here. */
const byteTypes = [1, 6]
const longTypes = [4, 9]

/**
 * EXIF whose orientation is 1, since the pixels have been turned; all else as it was. Of what isn't EXIF as it
 * should be (Exif 2.32, 4.6), the bytes are left alone.
 */
export function resetOrientation(exif: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(exif)
  const start = tiffStart(bytes)
  const view = new DataView(bytes.buffer, start)
  if (view.byteLength < 8) return bytes
  const isLittleEndian = view.getUint16(0) === 0x4949
  const directory = view.getUint32(4, isLittleEndian)
  if (directory + 2 > view.byteLength) return bytes
  const entries = view.getUint16(directory, isLittleEndian)
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry
    if (at + 12 > view.byteLength) break
    if (view.getUint16(at, isLittleEndian) !== orientationTag) continue
    const type = view.getUint16(at + 2, isLittleEndian)
    if (byteTypes.includes(type)) view.setUint8(at + 8, 1)
    else if (longTypes.includes(type)) view.setUint32(at + 8, 1, isLittleEndian)
    else view.setUint16(at + 8, 1, isLittleEndian)
  }
  return bytes
}

/** XMP (TIFF schema, tiff:Orientation, as an attribute or an element) whose orientation is 1. */
export function resetXmpOrientation(xmp: Uint8Array): Uint8Array {
  const text = Buffer.from(xmp).toString('latin1')
  return Buffer.from(text.replaceAll(/(tiff:Orientation\s*(?:=\s*["']|>)\s*)[2-8]/g, '$11'), 'latin1')
}

/** EXIF without the prefix that JPEG puts before it. */
export function withoutPrefix(exif: Uint8Array): Uint8Array {
  return exif.subarray(tiffStart(exif))
}

function tiffStart(exif: Uint8Array): number {
  return Buffer.from(exif.subarray(0, 6)).toString('latin1') === 'Exif\0\0' ? 6 : 0
}
