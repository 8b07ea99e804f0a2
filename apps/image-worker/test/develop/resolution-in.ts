/** The resolution of a file, read independently of the code that writes it. */
export interface WrittenResolution {
  readonly x: number
  readonly y: number
  /** The format's number of the unit: JFIF 1 inch, 2 cm; pHYs 1 metre; TIFF and EXIF 2 inch, 3 cm; 0 or 1 none. */
  readonly unit: number
}

/** The resolution in the format itself: JFIF's header, PNG's pHYs, TIFF's tags. Undefined if there is none. */
export function resolutionIn(bytes: Uint8Array): WrittenResolution | undefined {
  const file = Buffer.from(bytes)
  const magic = file.toString('latin1', 0, 4)
  if (magic.startsWith('\xff\xd8')) {
    const at = file.indexOf('JFIF\0')
    const written = { x: file.readUInt16BE(at + 8), y: file.readUInt16BE(at + 10), unit: file[at + 7] ?? 0 }
    return written.unit === 0 && written.x === written.y ? undefined : written
  }
  if (magic === '\x89PNG') {
    const at = file.indexOf('pHYs')
    return at === -1
      ? undefined
      : { x: file.readUInt32BE(at + 4), y: file.readUInt32BE(at + 8), unit: file[at + 12] ?? 0 }
  }
  return magic === 'II*\0' || magic === 'MM\0*' ? resolutionInTags(file) : undefined
}

/** The resolution in the first directory of a TIFF, or of EXIF that begins with its byte order. */
export function resolutionInTags(file: Buffer): WrittenResolution | undefined {
  const tags = tagsIn(file)
  const fraction = (at: number) => long(file, at) / long(file, at + 4)
  const [x, y, unit] = [tags.get(0x11a), tags.get(0x11b), tags.get(0x128)]
  if (x === undefined || y === undefined) return undefined
  return {
    x: fraction(long(file, x)),
    y: fraction(long(file, y)),
    unit: unit === undefined ? 2 : short(file, unit),
  }
}

/** The offsets of the values of tags in the main directory, or in the directory that a tag of it points to. */
export function tagsIn(file: Buffer, pointer?: number): Map<number, number> {
  const read = (directory: number) => {
    const count = short(file, directory)
    return new Map(
      Array.from({ length: count }, (_, index) => {
        const at = directory + 2 + 12 * index
        return [short(file, at), at + 8] as const
      }),
    )
  }
  const main = read(long(file, 4))
  const at = pointer === undefined ? undefined : main.get(pointer)
  return pointer === undefined ? main : at === undefined ? new Map() : read(long(file, at))
}

function isLittleEndian(file: Buffer): boolean {
  return file.toString('latin1', 0, 2) === 'II'
}

export function short(file: Buffer, at: number): number {
  return isLittleEndian(file) ? file.readUInt16LE(at) : file.readUInt16BE(at)
}

export function long(file: Buffer, at: number): number {
  return isLittleEndian(file) ? file.readUInt32LE(at) : file.readUInt32BE(at)
}
