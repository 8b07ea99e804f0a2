import { type HeaderReader, latin1 } from '../header-reader.ts'
import { MalformedImage } from '../malformed-image.ts'

/** ISO/IEC 14496-12 section 4.2: a size, a type, and a body that may contain boxes. */
export interface Box {
  type: string
  body: number
  end: number
}

/** The limit for the boxes of a file at all depths. An image with a thousand tiles has about four thousand. */
const maxBoxes = 20_000

/** The largest table (ipma, iref) that is read into memory. */
const maxTableBytes = 512 * 1024

/** Walks boxes and counts them, to limit the walk however boxes are nested or repeated. */
export class BoxWalker {
  readonly reader: HeaderReader
  #boxesLeft = maxBoxes

  constructor(reader: HeaderReader) {
    this.reader = reader
  }

  /** The boxes of the file itself. The last may be truncated (mdat in a file that is still arriving). */
  topLevel(): AsyncGenerator<Box> {
    return this.#boxes(0, this.reader.size, true)
  }

  /** The boxes inside a box, after `headerBytes` of its own fields (4 for a FullBox). */
  children(parent: Box, headerBytes = 0): AsyncGenerator<Box> {
    return this.#boxes(parent.body + headerBytes, parent.end, false)
  }

  /** A cursor over a whole box body. */
  async table(box: Box): Promise<TableCursor> {
    const length = box.end - box.body
    if (length > maxTableBytes)
      throw new MalformedImage(`the file's box '${box.type}' is ${length} bytes long`)
    return new TableCursor(await this.reader.view(box.body, length), box.type)
  }

  async *#boxes(start: number, limit: number, mayBeCut: boolean): AsyncGenerator<Box> {
    for (let offset = start; offset + 8 <= limit; ) {
      if (this.#boxesLeft-- === 0) throw new MalformedImage(`the file has more than ${maxBoxes} boxes`)
      const head = await this.reader.view(offset, 8)
      const type = latin1(head).slice(4)
      const { size, headerBytes } = await this.#size(head, offset, limit)
      if (size < headerBytes)
        throw new MalformedImage(`the file's box '${type}' has a size smaller than its header`)
      if (offset + size > limit && !mayBeCut)
        throw new MalformedImage(`the file's box '${type}' extends beyond the box around it`)
      const end = Math.min(offset + size, limit)
      yield { type, body: offset + headerBytes, end }
      offset = end
    }
  }

  /** Section 4.2.2: size 1 means 64 bits after the type; size 0 means up to the end. */
  async #size(head: DataView, offset: number, limit: number): Promise<{ size: number; headerBytes: number }> {
    const size = head.getUint32(0)
    if (size === 0) return { size: limit - offset, headerBytes: 8 }
    if (size !== 1) return { size, headerBytes: 8 }
    const large = await this.reader.view(offset + 8, 8)
    return { size: Number(large.getBigUint64(0)), headerBytes: 16 }
  }
}

/** Reads the fields of a table one after the other. Throws MalformedImage when it reads beyond the table. */
export class TableCursor {
  readonly #view: DataView
  readonly #type: string
  #at = 0

  constructor(view: DataView, type: string) {
    this.#view = view
    this.#type = type
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** A four-character code. */
  code(): string {
    const at = this.#advance(4)
    return latin1(new DataView(this.#view.buffer, this.#view.byteOffset + at, 4))
  }

  /** Section 4.2.2, FullBox: a version and 24 bits of flags. */
  fullBox(): { version: number; flags: number } {
    const word = this.uint32()
    return { version: word >>> 24, flags: word & 0xffffff }
  }

  skip(bytes: number): void {
    this.#advance(bytes)
  }

  /** All bytes up to a NUL or the end, as Latin-1. */
  text(): string {
    const { buffer, byteOffset, byteLength } = this.#view
    const rest = latin1(new DataView(buffer, byteOffset + this.#at, byteLength - this.#at))
    return rest.split('\0', 1)[0] ?? ''
  }

  #advance(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#view.byteLength)
      throw new MalformedImage(`the file's box '${this.#type}' is truncated`)
    this.#at = at + bytes
    return at
  }
}
