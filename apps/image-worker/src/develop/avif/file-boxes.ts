/** A box of a finished AVIF (ISO/IEC 14496-12, 4.2). Its content goes from `body` to `end`. */
export interface FileBox {
  readonly type: string
  readonly start: number
  readonly body: number
  readonly end: number
}

/** The boxes inside another box. Our encoder writes every size in 32 bits. */
export function* boxesIn(avif: Buffer, parent: Pick<FileBox, 'body' | 'end'>): Generator<FileBox> {
  for (let start = parent.body; start + 8 <= parent.end; ) {
    const size = avif.readUInt32BE(start)
    if (size < 8) throw new TypeError(`the encoder wrote a box of ${size} bytes`)
    yield { type: avif.toString('latin1', start + 4, start + 8), start, body: start + 8, end: start + size }
    start += size
  }
}

/** @throws TypeError when there is no such box */
export function findBox(avif: Buffer, parent: Pick<FileBox, 'body' | 'end'>, type: string): FileBox {
  const found = boxesIn(avif, parent).find(box => box.type === type)
  if (!found) throw new TypeError(`the encoder wrote an AVIF with no ${type} box`)
  return found
}
