/** The boundaries of the parts of a file, in any accepted format. */
export function boundariesOf(file: Buffer): number[] {
  const found = walk(file).filter(at => at > 0 && at <= file.length)
  return [...new Set(found)].sort((one, other) => one - other)
}

function walk(file: Buffer): number[] {
  const magic = file.toString('latin1', 0, 4)
  if (magic.startsWith('\xff\xd8')) return jpegMarkers(file)
  if (magic === '\x89PNG') return pngChunks(file)
  if (magic === 'GIF8') return gifBlocks(file)
  if (magic === 'RIFF') return riffChunks(file, 12, file.length)
  if (magic === 'II*\0') return tiffParts(file)
  return boxes(file, 0, file.length)
}

function jpegMarkers(file: Buffer): number[] {
  const found = [2]
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; at += 2 + file.readUInt16BE(at + 2)) {
    found.push(at, at + 4)
    if (file[at + 1] === 0xda) break
  }
  return found
}

function pngChunks(file: Buffer): number[] {
  const found = [8]
  for (let at = 8; at + 8 <= file.length; at += 12 + file.readUInt32BE(at)) {
    found.push(at, at + 4, at + 8, at + 8 + file.readUInt32BE(at))
  }
  return found
}

function gifBlocks(file: Buffer): number[] {
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  const found = [6, 13]
  let at = 13 + tableBytes(file[10] ?? 0)
  while (at < file.length && file[at] !== 0x3b) {
    found.push(at)
    at += file[at] === 0x2c ? 10 + tableBytes(file[at + 9] ?? 0) + 1 : 2
    while (at < file.length && file[at] !== 0) {
      found.push(at)
      at += 1 + (file[at] ?? 0)
    }
    at += 1
  }
  return [...found, at]
}

function riffChunks(file: Buffer, from: number, to: number): number[] {
  const found: number[] = []
  for (let at = from; at + 8 <= to; ) {
    const length = file.readUInt32LE(at + 4)
    found.push(at, at + 8)
    if (file.toString('latin1', at, at + 4) === 'ANMF')
      found.push(...riffChunks(file, at + 24, at + 8 + length))
    at += 8 + length + (length % 2)
  }
  return found
}

/** Directories, their entries, and the values that these point to. */
function tiffParts(file: Buffer): number[] {
  const found = [8]
  for (let at = file.readUInt32LE(4); at > 0 && at + 2 <= file.length; ) {
    const entries = file.readUInt16LE(at)
    found.push(at, at + 2)
    for (let entry = 0; entry < entries; entry++) {
      const start = at + 2 + 12 * entry
      found.push(start, start + 8, file.readUInt32LE(start + 8))
    }
    at = file.readUInt32LE(at + 2 + 12 * entries)
  }
  return found
}

const containers = ['meta', 'iprp', 'ipco', 'iinf', 'moov', 'trak', 'mdia', 'minf', 'stbl']

/** ISO/IEC 14496-12, 4.2; `meta` and `iinf` have version, flags and a count before their contents. */
function boxes(file: Buffer, from: number, to: number): number[] {
  const found: number[] = []
  for (let at = from; at + 8 <= to; ) {
    const size = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    found.push(at, at + 8)
    const head = type === 'meta' ? 12 : type === 'iinf' ? 14 : 8
    if (containers.includes(type)) found.push(...boxes(file, at + head, at + size))
    if (size < 8) break
    at += size
  }
  return found
}

/** The boxes after `ftyp` of an AVIF with one item of this size, without its data (ISO/IEC 23008-12). */
export function avifBoxes(width: number, height: number): Buffer {
  const size = Buffer.alloc(8)
  size.writeUInt32BE(width)
  size.writeUInt32BE(height, 4)
  const meta = fullBox('meta', [
    fullBox('hdlr', ['\0\0\0\0pict', '\0'.repeat(13)]),
    fullBox('pitm', ['\0\x01']),
    fullBox('iloc', ['\x44\0\0\x01\0\x01\0\0\0\x01\0\0\0\x10\0\0\0\x10']),
    fullBox('iinf', ['\0\x01', fullBox('infe', ['\0\x01\0\0av01\0'], 2)]),
    box('iprp', [
      box('ipco', [
        fullBox('ispe', [size]),
        fullBox('pixi', ['\x03\x08\x08\x08']),
        box('av1C', ['\x81\0\x0c\0']),
      ]),
      fullBox('ipma', ['\0\0\0\x01\0\x01\x03\x01\x02\x83']),
    ]),
  ])
  return Buffer.concat([meta, box('mdat', ['\x12\0\x0a\x05\x18\0\0\0'])])
}

function box(type: string, parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(
    parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  )
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

function fullBox(type: string, parts: readonly (string | Buffer)[], version = 0): Buffer {
  return box(type, [Buffer.of(version, 0, 0, 0), ...parts])
}
