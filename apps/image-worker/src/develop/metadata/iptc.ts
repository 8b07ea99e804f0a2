/** The name before Photoshop's image resources in an APP13 segment. */
export const photoshop = 'Photoshop 3.0\0'
/** The number of the image resource that holds IPTC (Adobe Photoshop file formats specification, image resources). */
const iptcResource = 0x0404

/** Every dataset begins with this byte. */
const tagMarker = 0x1c

/**
 * The IPTC datasets (IIM 4.2) that describe the picture, from the content of a JPEG's APP13 segment: Photoshop's image
 * resources, one of which holds them. Bytes that begin like datasets are read as datasets; undefined for anything else.
 */
export function iptcDatasets(content: Uint8Array): Uint8Array | undefined {
  const datasets = datasetsIn(content)
  if (!datasets) return undefined
  const kept = Buffer.concat([...descriptiveDatasets(datasets)])
  return kept.length > 0 ? kept : undefined
}

function datasetsIn(content: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (bytes[0] === tagMarker) return bytes
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

/**
 * Whole datasets, one after the other, from the envelope (record 1) and the application (2). The other records describe
 * the file's coding and content; 2:131 is the orientation, and 2:200 to 202 are a preview of the original.
 */
function* descriptiveDatasets(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; bytes[at] === tagMarker && at + 5 <= bytes.length; ) {
    const [record = 0, dataset = 0] = [bytes[at + 1], bytes[at + 2]]
    const size = bytes.readUInt16BE(at + 3)
    // The length may itself be a number of several bytes (IIM 4.2, 1.5).
    const lengthBytes = (size & 0x8000) === 0 ? 0 : size & 0x7fff
    if (lengthBytes > 4 || at + 5 + lengthBytes > bytes.length) return
    const length = lengthBytes === 0 ? size & 0x7fff : bytes.readUIntBE(at + 5, lengthBytes)
    const end = at + 5 + lengthBytes + length
    if (end > bytes.length) return
    const isPreview = dataset === 131 || (dataset >= 200 && dataset <= 202)
    if (record === 1 || (record === 2 && !isPreview)) yield bytes.subarray(at, end)
    at = end
  }
}

/** Wraps the datasets for an APP13 segment. */
export function asPhotoshopResource(datasets: Uint8Array): Uint8Array {
  const head = Buffer.alloc(12)
  head.write('8BIM', 'latin1')
  head.writeUInt16BE(iptcResource, 4)
  head.writeUInt32BE(datasets.length, 8)
  return Buffer.concat([Buffer.from(photoshop, 'latin1'), head, datasets, Buffer.alloc(datasets.length % 2)])
}
