import { traces } from './metadata-traces.ts'

type ByteOrder = 'II' | 'MM'

/** EXIF as a camera writes it, in either byte order: artist, exposure time 1/250, latitude 52/1, and a thumbnail. */
export function cameraExif(order: ByteOrder): Buffer {
  const [short, long] = numbersOf(order)
  const text = (latin1: string) => Buffer.from(latin1, 'latin1')
  const artist = text(`${traces.exif}\0`)
  const thumbnail = text(traces.thumbnail)
  const directory = (entries: Buffer[], next = 0) =>
    Buffer.concat([short(entries.length), ...entries, long(next)])
  const entry = (tag: number, type: number, count: number, value: number) =>
    Buffer.concat([short(tag), short(type), long(count), long(value)])
  const mainAt = 8
  const exifAt = mainAt + 2 + 3 * 12 + 4
  const gpsAt = exifAt + 2 + 12 + 4
  const thumbnailAt = gpsAt + 2 + 12 + 4
  const valuesAt = thumbnailAt + 2 + 2 * 12 + 4
  return Buffer.concat([
    ...[text(order), short(42), long(mainAt)],
    directory(
      [
        entry(0x013b, 2, artist.length, valuesAt + 16),
        entry(0x8769, 4, 1, exifAt),
        entry(0x8825, 4, 1, gpsAt),
      ],
      thumbnailAt,
    ),
    directory([entry(0x829a, 5, 1, valuesAt)]),
    directory([entry(0x0002, 5, 1, valuesAt + 8)]),
    directory([entry(0x0201, 4, 1, valuesAt + 16 + artist.length), entry(0x0202, 4, 1, thumbnail.length)]),
    ...[long(1), long(250), long(52), long(1), artist, thumbnail],
  ])
}

/** Reads the same again, with its own reader, with or without JPEG's prefix. */
export function cameraFacts(exif: Buffer): { artist: string; exposure: number[]; latitude: number[] } {
  const bytes = exif.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0)
  const isLittleEndian = bytes.toString('latin1', 0, 2) === 'II'
  const short = (at: number) => (isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const long = (at: number) => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const find = (directory: number, tag: number) => {
    const entries = Array.from({ length: short(directory) }, (_, index) => directory + 2 + 12 * index)
    const at = entries.find(entry => short(entry) === tag)
    if (at === undefined) throw new RangeError(`tag ${tag} is missing`)
    return { count: long(at + 4), value: long(at + 8) }
  }
  const fraction = (directory: number, tag: number) => {
    const { value } = find(directory, tag)
    return [long(value), long(value + 4)]
  }
  const main = long(4)
  const artist = find(main, 0x013b)
  return {
    artist: bytes.toString('latin1', artist.value, artist.value + artist.count - 1),
    exposure: fraction(find(main, 0x8769).value, 0x829a),
    latitude: fraction(find(main, 0x8825).value, 0x0002),
  }
}

function numbersOf(order: ByteOrder): [short: (value: number) => Buffer, long: (value: number) => Buffer] {
  const written = (bytes: number) => (value: number) => {
    const buffer = Buffer.alloc(bytes)
    if (order === 'II') buffer.writeUIntLE(value, 0, bytes)
    else buffer.writeUIntBE(value, 0, bytes)
    return buffer
  }
  return [written(2), written(4)]
}
