export interface GifFrame {
  readonly left?: number
  readonly top?: number
  readonly width: number
  readonly height: number
  readonly indexes: ArrayLike<number>
  readonly palette?: Uint8Array
  readonly interlaced?: boolean
  /** The graphic control extension: delay in hundredths of a second, disposal, transparent index. */
  readonly control?: { delay: number; disposal: number; transparent?: number }
  readonly codeBits?: number
}

export interface GifPicture {
  readonly width: number
  readonly height: number
  readonly palette?: Uint8Array
  readonly loop?: number
  readonly frames: readonly GifFrame[]
  /** Extensions between the screen descriptor and the frames. */
  readonly extensions?: readonly Buffer[]
}

/** All blocks of the GIF: header, global colour table, extensions, frames, trailer. */
export function gifBlocks(picture: GifPicture): Buffer[] {
  const screen = Buffer.alloc(13)
  screen.write('GIF89a', 'latin1')
  screen.writeUInt16LE(picture.width, 6)
  screen.writeUInt16LE(picture.height, 8)
  screen[10] = tableFlags(picture.palette)
  const blocks: Buffer[] = [screen, Buffer.from(picture.palette ?? [])]
  if (picture.loop !== undefined) blocks.push(application('NETSCAPE2.0', Buffer.of(1, picture.loop, 0)))
  blocks.push(...(picture.extensions ?? []))
  for (const frame of picture.frames) blocks.push(...frameBlocks(frame))
  blocks.push(Buffer.of(0x3b))
  return blocks
}

export function assembleGif(picture: GifPicture): Buffer {
  return Buffer.concat(gifBlocks(picture))
}

export function application(name: string, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x21, 0xff, 11), Buffer.from(name, 'latin1'), subBlocks(data)])
}

export function comment(text: string): Buffer {
  return Buffer.concat([Buffer.of(0x21, 0xfe), subBlocks(Buffer.from(text, 'latin1'))])
}

export function plainText(text: string): Buffer {
  return Buffer.concat([Buffer.of(0x21, 0x01, 12), Buffer.alloc(12), subBlocks(Buffer.from(text, 'latin1'))])
}

export function graphicControl(control: { delay: number; disposal: number; transparent?: number }): Buffer {
  const flags = (control.disposal << 2) | (control.transparent === undefined ? 0 : 1)
  return Buffer.of(
    0x21,
    0xf9,
    4,
    flags,
    control.delay & 0xff,
    control.delay >> 8,
    control.transparent ?? 0,
    0,
  )
}

export function subBlocks(data: Uint8Array): Buffer {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < data.length; at += 255) {
    const block = data.subarray(at, at + 255)
    blocks.push(Buffer.of(block.length), block)
  }
  return Buffer.concat([...blocks, Buffer.of(0)])
}

function frameBlocks(frame: GifFrame): Buffer[] {
  const descriptor = Buffer.alloc(10)
  descriptor[0] = 0x2c
  descriptor.writeUInt16LE(frame.left ?? 0, 1)
  descriptor.writeUInt16LE(frame.top ?? 0, 3)
  descriptor.writeUInt16LE(frame.width, 5)
  descriptor.writeUInt16LE(frame.height, 7)
  descriptor[9] = tableFlags(frame.palette) | (frame.interlaced ? 0x40 : 0)
  const codeBits = frame.codeBits ?? 8
  return [
    ...(frame.control ? [graphicControl(frame.control)] : []),
    descriptor,
    Buffer.from(frame.palette ?? []),
    Buffer.concat([Buffer.of(codeBits), subBlocks(compress(frame.indexes, codeBits))]),
  ]
}

function tableFlags(palette: Uint8Array | undefined): number {
  return palette === undefined ? 0 : 0x80 | (Math.log2(palette.length / 3) - 1)
}

/** LZW as in GIF 89a; the table is cleared when it is full. */
export function compress(indexes: ArrayLike<number>, codeBits: number): Buffer {
  const clear = 1 << codeBits
  const bytes: number[] = []
  let window = 0
  let windowBits = 0
  let bits = codeBits + 1
  const emit = (code: number) => {
    window |= code << windowBits
    windowBits += bits
    for (; windowBits >= 8; windowBits -= 8) {
      bytes.push(window & 0xff)
      window >>>= 8
    }
  }
  let codes = new Map<string, number>()
  let prefix = ''
  const codeOf = (string: string) => codes.get(string) ?? Number(string)
  emit(clear)
  for (const index of Array.from(indexes)) {
    const longer = prefix === '' ? `${index}` : `${prefix},${index}`
    if (prefix === '' || codes.has(longer)) {
      prefix = longer
      continue
    }
    emit(codeOf(prefix))
    const next = clear + 2 + codes.size
    codes.set(longer, next)
    if (next === 1 << bits) bits += 1
    if (next === 4095) {
      emit(clear)
      codes = new Map()
      bits = codeBits + 1
    }
    prefix = `${index}`
  }
  emit(codeOf(prefix))
  // The decoder has added a code for the previous one, and may have widened the codes.
  if (clear + 2 + codes.size === 1 << bits && bits < 12) bits += 1
  emit(clear + 1)
  if (windowBits > 0) bytes.push(window & 0xff)
  return Buffer.from(bytes)
}
