/** A box of an AVIF or HEIC (ISO/IEC 14496-12, 4.2). Its content goes from `body` to `end`. */
export interface FileBox {
  readonly type: string
  readonly start: number
  readonly body: number
  readonly end: number
}

/** A range of bytes that contains boxes. */
type Parent = Pick<FileBox, 'body' | 'end'>

export function wholeOf({ length }: Buffer): Parent {
  return { body: 0, end: length }
}

export function metaIn(file: Buffer): FileBox | undefined {
  return boxesIn(file, wholeOf(file)).find(({ type }) => type === 'meta')
}

/** The boxes in a `meta` box follow a version and flags. */
export function insideMeta({ body, end }: FileBox): Parent {
  return { body: body + 4, end }
}

/** The boxes inside another box. @throws TypeError for a box that is smaller than its own header */
export function* boxesIn(file: Buffer, parent: Parent): Generator<FileBox> {
  for (let start = parent.body; start + 8 <= parent.end; ) {
    const { headBytes, size } = sizeOf(file, start, parent.end)
    if (size < headBytes) throw new TypeError(`the file has a box of ${size} bytes`)
    const end = Math.min(start + size, parent.end)
    yield { type: file.toString('latin1', start + 4, start + 8), start, body: start + headBytes, end }
    start = end
  }
}

/** A size of 1 means that 64 bits follow; 0 means up to the end. */
function sizeOf(file: Buffer, start: number, end: number): { headBytes: number; size: number } {
  const size = file.readUInt32BE(start)
  if (size !== 1) return { headBytes: 8, size: size === 0 ? end - start : size }
  return { headBytes: 16, size: Number(file.readBigUInt64BE(start + 8)) }
}

/** @throws TypeError when there is no such box */
export function findBox(file: Buffer, parent: Parent, type: string): FileBox {
  const found = boxesIn(file, parent).find(box => box.type === type)
  if (!found) throw new TypeError(`the file has no ${type} box`)
  return found
}

export function encodeBox(type: string, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 8)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, ...content])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function bytesOf(file: Buffer, { start, end }: FileBox): Buffer {
  return file.subarray(start, end)
}

/**
 * A copy of the file with other boxes in its `meta` box. The changed box is at the end, so that no data moves:
 *
 *     ftyp | meta | mdat  ->  ftyp | free | mdat | meta
 */
export function withMeta(file: Buffer, meta: FileBox, content: readonly Uint8Array[]): Buffer {
  const copy = Buffer.from(file)
  copy.write('free', meta.start + 4, 'latin1')
  endLastBox(copy)
  return Buffer.concat([copy, encodeBox('meta', file.subarray(meta.body, insideMeta(meta).body), ...content)])
}

/** ISO/IEC 14496-12, 4.2: a size of 0 means up to the end of the file. */
function endLastBox(file: Buffer): void {
  const last = [...boxesIn(file, wholeOf(file))].at(-1)
  if (last && file.readUInt32BE(last.start) === 0) file.writeUInt32BE(file.length - last.start, last.start)
}
