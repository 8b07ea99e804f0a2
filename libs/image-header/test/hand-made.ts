/** Files assembled byte by byte that no encoder would write. */

export function joined(...parts: (string | Uint8Array | number[])[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(parts.map(part => (typeof part === 'string' ? latin1(part) : Buffer.from(part)))),
  )
}

export const uint16be = (value: number) => numbered(2, view => view.setUint16(0, value))
export const uint32be = (value: number) => numbered(4, view => view.setUint32(0, value))
export const uint16le = (value: number) => numbered(2, view => view.setUint16(0, value, true))
export const uint32le = (value: number) => numbered(4, view => view.setUint32(0, value, true))

export function pngChunk(type: string, body: Uint8Array = new Uint8Array()): Uint8Array {
  return joined(uint32be(body.length), type, body, [0, 0, 0, 0])
}

export function png(width: number, height: number, ...chunks: Uint8Array[]): Uint8Array {
  const ihdr = pngChunk('IHDR', joined(uint32be(width), uint32be(height), [8, 2, 0, 0, 0]))
  return joined('\x89PNG\r\n\x1a\n', ihdr, ...chunks, pngChunk('IDAT'), pngChunk('IEND'))
}

/** A frame of 12 bytes, whose data is one empty sub-block. */
export function gifFrame(width = 1, height = 1): Uint8Array {
  return joined(',', uint16le(0), uint16le(0), uint16le(width), uint16le(height), [0, 2, 0])
}

export function gif(width: number, height: number, ...parts: Uint8Array[]): Uint8Array {
  return joined('GIF89a', uint16le(width), uint16le(height), [0, 0, 0], ...parts, ';')
}

/** A directory with these tags as LONGs. It can be anywhere in the file; `next` is an offset in the file. */
export function ifd(tags: Record<number, number>, next: number): Uint8Array {
  const entries = Object.entries(tags).map(([tag, value]) =>
    joined(uint16le(Number(tag)), uint16le(4), uint32le(1), uint32le(value)),
  )
  return joined(uint16le(entries.length), ...entries, uint32le(next))
}

/** The tags of a page of 30000 x 20000 pixels of 3 samples of 8 bits. */
export const tiffPage = { 256: 30_000, 257: 20_000, 258: 8, 262: 1, 277: 3 }

export function riff(...chunks: Uint8Array[]): Uint8Array {
  const body = joined('WEBP', ...chunks)
  return joined('RIFF', uint32le(body.length), body)
}

export function riffChunk(type: string, body: Uint8Array): Uint8Array {
  return joined(type, uint32le(body.length), body, body.length % 2 === 1 ? [0] : [])
}

export function vp8x(flags: number, width: number, height: number): Uint8Array {
  const size = joined(uint32le(width - 1).subarray(0, 3), uint32le(height - 1).subarray(0, 3))
  return riffChunk('VP8X', joined(uint32le(flags), size))
}

export function vp8l(width: number, height: number): Uint8Array {
  return riffChunk('VP8L', joined([0x2f], uint32le((width - 1) | ((height - 1) << 14)), [0, 0]))
}

export function anmf(...chunks: Uint8Array[]): Uint8Array {
  return riffChunk('ANMF', joined(new Uint8Array(16), ...chunks))
}

export function box(type: string, ...parts: (string | Uint8Array | number[])[]): Uint8Array {
  const body = joined(...parts)
  return joined(uint32be(body.length + 8), type, body)
}

export const ftyp = (major: string, ...compatible: string[]) => box('ftyp', major, uint32be(0), ...compatible)

export const ispe = (width: number, height: number) =>
  box('ispe', uint32be(0), uint32be(width), uint32be(height))

export const av1C = () => box('av1C', [0x81, 0x20, 0x42, 0])

export const hvcC = (bits: number) => box('hvcC', new Uint8Array(17), [0xf8 | (bits - 8), 0xf8, 0, 0, 0, 0])

interface HandMadeItem {
  type: string
  hidden?: boolean
  properties: Uint8Array[]
}

export function av1Item(width: number, height: number, ...properties: Uint8Array[]): HandMadeItem {
  return { type: 'av01', properties: [ispe(width, height), av1C(), ...properties] }
}

export function hevcItem(width: number, height: number, ...properties: Uint8Array[]): HandMadeItem {
  return { type: 'hvc1', properties: [ispe(width, height), hvcC(8), ...properties] }
}

/** A file with these items, numbered from 1; the first is the primary. */
export function avif(items: HandMadeItem[], references: Uint8Array[] = []): Uint8Array {
  const properties = items.flatMap(item => item.properties)
  const infes = items.map((item, index) =>
    box('infe', [2, 0, 0, item.hidden ? 1 : 0], uint16be(index + 1), uint16be(0), item.type, [0]),
  )
  const associations = items.map((item, index) => {
    const indices = item.properties.map(property => properties.indexOf(property) + 1)
    return joined(uint16be(index + 1), [indices.length], indices)
  })
  const ipma = box('ipma', uint32be(0), uint32be(items.length), ...associations)
  return joined(
    ftyp('avif', 'mif1'),
    box(
      'meta',
      uint32be(0),
      box('pitm', uint32be(0), uint16be(1)),
      box('iinf', uint32be(0), uint16be(items.length), ...infes),
      box('iprp', box('ipco', ...properties), ipma),
      box('iref', uint32be(0), ...references),
    ),
    box('mdat'),
  )
}

export function reference(type: string, from: number, ...to: number[]): Uint8Array {
  return box(type, uint16be(from), uint16be(to.length), ...to.map(uint16be))
}

function numbered(length: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(length))
  write(view)
  return new Uint8Array(view.buffer)
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
