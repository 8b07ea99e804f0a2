const headerBytes = 8
const entries = 8
const directoryBytes = 2 + entries * 12 + 4
const width = 4096
const sampleBytes = 2

/**
 * An uncompressed grey TIFF file with 16 bits a sample (TIFF 6.0, section 3). It has as many complete rows as fit into
 * `bytes`. The directory is before the pixels.
 */
export function tiffOf(bytes: number): Buffer {
  const at = headerBytes + directoryBytes
  const height = Math.floor((bytes - at) / (width * sampleBytes))
  const file = Buffer.alloc(at + width * height * sampleBytes, 0x5a)
  file.write('II*\0', 'latin1')
  file.writeUInt32LE(headerBytes, 4)
  file.writeUInt16LE(entries, headerBytes)
  const fields = [
    [256, width],
    [257, height],
    [258, 8 * sampleBytes], // bits a sample
    [259, 1], // no compression
    [262, 1], // black is zero
    [273, at], // offset of the only strip
    [278, height], // rows in the strip
    [279, width * height * sampleBytes], // bytes in the strip
  ]
  for (const [index, [tag = 0, value = 0]] of fields.entries()) {
    const entry = headerBytes + 2 + index * 12
    file.writeUInt16LE(tag, entry)
    file.writeUInt16LE(4, entry + 2) // 32 bits
    file.writeUInt32LE(1, entry + 4)
    file.writeUInt32LE(value, entry + 8)
  }
  file.writeUInt32LE(0, at - 4) // no further directory
  return file
}
