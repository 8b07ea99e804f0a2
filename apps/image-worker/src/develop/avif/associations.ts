import { boxesIn, encodeBox, type FileBox } from './file-boxes.ts'

/** One property of an item. */
export interface Association {
  readonly isEssential: boolean
  /** The position among all properties, counted from 1; 0 means none. */
  readonly index: number
}

/** ISO/IEC 23008-12, 9.3.1: the properties of each item, in the order in which they apply. */
export function readAssociations(file: Buffer, properties: FileBox): Map<number, readonly Association[]> {
  const associations = new Map<number, readonly Association[]>()
  for (const { type, body } of boxesIn(file, properties)) {
    if (type !== 'ipma') continue
    const idBytes = file[body] === 0 ? 2 : 4
    const indexBytes = ((file[body + 3] ?? 0) & 1) + 1
    const top = 2 ** (8 * indexBytes - 1)
    let at = body + 8
    const number = (bytes: number) => {
      at += bytes
      return file.readUIntBE(at - bytes, bytes)
    }
    for (let entries = file.readUInt32BE(body + 4); entries > 0; entries--) {
      const id = number(idBytes)
      const list = Array.from({ length: number(1) }, () => {
        const word = number(indexBytes)
        return { isEssential: word >= top, index: word % top }
      })
      if (!associations.has(id)) associations.set(id, list)
    }
  }
  return associations
}

/** Version 1, flags 1: ids of 32 bits, indices of 15 bits. */
export function writeAssociations(associations: ReadonlyMap<number, readonly Association[]>): Buffer {
  const entries = [...associations].map(([id, list]) => {
    const entry = Buffer.alloc(5 + 2 * list.length)
    entry.writeUInt32BE(id)
    entry.writeUInt8(list.length, 4)
    for (const [at, { isEssential, index }] of list.entries())
      entry.writeUInt16BE(index + (isEssential ? 0x8000 : 0), 5 + 2 * at)
    return entry
  })
  const head = Buffer.from([1, 0, 0, 1, 0, 0, 0, 0])
  head.writeUInt32BE(entries.length, 4)
  return encodeBox('ipma', head, ...entries)
}
