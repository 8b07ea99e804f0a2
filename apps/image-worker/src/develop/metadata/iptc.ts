const photoshop = 'Photoshop 3.0\0'
/** The number of the image resource that holds IPTC (Adobe Photoshop file formats specification, image resources). */
const iptcResource = 0x0404

/**
 * The IPTC datasets (IIM 4.2) alone, out of what a JPEG's APP13 segment holds: Photoshop's image resources, of which
 * they are one. What begins as datasets do is taken as it is; undefined for anything else.
 */
export function iptcDatasets(held: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(held.buffer, held.byteOffset, held.byteLength)
  if (bytes[0] === 0x1c) return held
  if (bytes.toString('latin1', 0, photoshop.length) !== photoshop) return undefined
  for (
    let at = photoshop.length;
    bytes.toString('latin1', at, at + 4) === '8BIM' && at + 12 <= bytes.length;
  ) {
    const resource = bytes.readUInt16BE(at + 4)
    const name = 1 + (bytes[at + 6] ?? 0)
    const lengthAt = at + 6 + name + (name % 2)
    if (lengthAt + 4 > bytes.length) return undefined
    const length = bytes.readUInt32BE(lengthAt)
    const data = bytes.subarray(lengthAt + 4, lengthAt + 4 + length)
    if (resource === iptcResource) return data
    at = lengthAt + 4 + length + (length % 2)
  }
  return undefined
}

/** The datasets as an APP13 segment holds them. */
export function asPhotoshopResource(datasets: Uint8Array): Uint8Array {
  const head = Buffer.alloc(12)
  head.write('8BIM', 'latin1')
  head.writeUInt16BE(iptcResource, 4)
  head.writeUInt32BE(datasets.length, 8)
  return Buffer.concat([Buffer.from(photoshop, 'latin1'), head, datasets, Buffer.alloc(datasets.length % 2)])
}
