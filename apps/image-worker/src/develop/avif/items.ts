import { boxesIn, bytesOf, encodeBox, type FileBox, insideMeta, metaIn } from './file-boxes.ts'

export interface FileItem {
  readonly id: number
  /** 'av01' for a coded image, 'grid' for an image made of tiles, 'Exif' for metadata. */
  readonly type: string
}

export interface FileReference {
  /** 'auxl' from transparency to its image, 'dimg' from a grid to its tiles. */
  readonly type: string
  readonly from: number
  readonly to: readonly number[]
}

/** ISO/IEC 14496-12, 8.11.4: the number of the primary image. */
export function primaryOf(file: Buffer, { body }: FileBox): number {
  return file[body] === 0 ? file.readUInt16BE(body + 4) : file.readUInt32BE(body + 4)
}

/** ISO/IEC 14496-12, 8.11.6: the items in the `iinf` boxes among `parts`. Versions of `infe` below 2 are not images. */
export function itemsIn(file: Buffer, parts: readonly FileBox[]): FileItem[] {
  const found: FileItem[] = []
  for (const { body, end } of parts.filter(({ type }) => type === 'iinf')) {
    const countBytes = file[body] === 0 ? 2 : 4
    for (const { type, body: at } of boxesIn(file, { body: body + 4 + countBytes, end })) {
      const version = file[at] ?? 0
      if (type !== 'infe' || version < 2) continue
      const idBytes = version === 2 ? 2 : 4
      found.push({
        id: file.readUIntBE(at + 4, idBytes),
        type: file.toString('latin1', at + 6 + idBytes, at + 10 + idBytes),
      })
    }
  }
  return found
}

/** ISO/IEC 14496-12, 8.11.12: the references in the `iref` boxes among `parts`. */
export function referencesIn(file: Buffer, parts: readonly FileBox[]): FileReference[] {
  const found: FileReference[] = []
  for (const { body, end } of parts.filter(({ type }) => type === 'iref')) {
    const bytes = file[body] === 0 ? 2 : 4
    for (const reference of boxesIn(file, { body: body + 4, end })) {
      const numbers = reference.body + bytes
      const count = file.readUInt16BE(numbers)
      const to = Array.from({ length: count }, (_, at) => file.readUIntBE(numbers + 2 + at * bytes, bytes))
      found.push({ type: reference.type, from: file.readUIntBE(reference.body, bytes), to })
    }
  }
  return found
}

/** The (first) image that a derived image is made of; undefined for a coded image. */
export function derivedFrom(file: Buffer, derivedId: number): number | undefined {
  const meta = metaIn(file)
  const references = meta ? referencesIn(file, [...boxesIn(file, insideMeta(meta))]) : []
  return references.find(({ type, from }) => type === 'dimg' && from === derivedId)?.to[0]
}

/** Version 1: ids of 32 bits. */
export function writeReferences(references: readonly FileReference[]): Buffer {
  const boxes = references.map(({ type, from, to }) => {
    const body = Buffer.alloc(6 + 4 * to.length)
    body.writeUInt32BE(from)
    body.writeUInt16BE(to.length, 4)
    for (const [at, id] of to.entries()) body.writeUInt32BE(id, 6 + 4 * at)
    return encodeBox(type, body)
  })
  return encodeBox('iref', Buffer.from([1, 0, 0, 0]), ...boxes)
}

/** An `iinf` box with more items; the item `hiddenId` becomes hidden. */
export function withItems(file: Buffer, iinf: FileBox, added: readonly FileItem[], hiddenId: number): Buffer {
  const isShort = file[iinf.body] === 0
  const count = isShort ? file.readUInt16BE(iinf.body + 4) : file.readUInt32BE(iinf.body + 4)
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(count + added.length, 4)
  const entries = [...boxesIn(file, { body: iinf.body + (isShort ? 6 : 8), end: iinf.end })].map(box => {
    const entry = Buffer.from(bytesOf(file, box))
    const body = box.body - box.start
    const id = entry[body] === 2 ? entry.readUInt16BE(body + 4) : entry.readUInt32BE(body + 4)
    if (id === hiddenId) entry[body + 3] = (entry[body + 3] ?? 0) | 1
    return entry
  })
  return encodeBox('iinf', head, ...entries, ...added.map(encodeItem))
}

/** Version 3, without a name. */
function encodeItem({ id, type }: FileItem): Buffer {
  const body = Buffer.alloc(15)
  body.writeUInt8(3)
  body.writeUInt32BE(id, 4)
  body.write(type, 10, 'latin1')
  return encodeBox('infe', body)
}
