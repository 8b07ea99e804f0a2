import { boxesIn, encodeBox, findBox, insideMeta, wholeOf } from '../avif/file-boxes.ts'
import { longs, shorts } from '../big-endian.ts'
import { exifBytes } from './exif.ts'
import type { WrittenMetadata } from './written-metadata.ts'

/**
 * Puts EXIF and XMP into an AVIF that sharp wrote, as items that describe the primary item (ISO/IEC 23008-12, annex A;
 * ISO/IEC 14496-12, 8.11). Their data go into a box of their own at the end of the file. The box of the items grows, so
 * all data move by as much.
 *
 *     ftyp | meta: hdlr pitm iloc iinf iref iprp .. | mdat | mdat: EXIF, XMP
 */
export function attachToAvif(avif: Uint8Array, { exif, xmp }: WrittenMetadata): Uint8Array {
  const described = [
    // EXIF begins with the offset of its TIFF header.
    ...(exif ? [{ type: 'Exif', data: Buffer.concat([Buffer.alloc(4), exifBytes(exif)]) }] : []),
    ...(xmp ? [{ type: 'mime', data: xmp }] : []),
  ]
  if (described.length === 0) return avif
  const file = Buffer.from(avif.buffer, avif.byteOffset, avif.byteLength)
  const meta = findBox(file, wholeOf(file), 'meta')
  const inMeta = insideMeta(meta)
  const types = [...boxesIn(file, inMeta)].map(({ type }) => type)
  const part = (type: string): Buffer => {
    const { body, end } = findBox(file, inMeta, type)
    return file.subarray(body, end)
  }
  const infos = readInfos(part('iinf'))
  const primary = part('pitm').readUInt16BE(4)
  const items = described.map((item, index) => ({ ...item, id: Math.max(...infos.ids) + 1 + index }))

  const rewritten = (delta: number) => {
    let dataAt = file.length + delta + 8
    const located = items.map(({ id, data }) => {
      dataAt += data.length
      return { id, at: dataAt - data.length, length: data.length }
    })
    const replaced: Record<string, Buffer> = {
      iloc: writeLocations(readLocations(part('iloc')), delta, located),
      iinf: writeInfos(infos, items),
      iref: writeReferences(types.includes('iref') ? part('iref') : Buffer.alloc(4), items, primary),
    }
    const content = [...new Set([...types, 'iref'])].map(type =>
      encodeBox(type, replaced[type] ?? part(type)),
    )
    return encodeBox('meta', file.subarray(meta.body, inMeta.body), ...content)
  }
  // The size doesn't depend on the offsets.
  const delta = rewritten(0).length - (meta.end - meta.start)
  return Buffer.concat([
    file.subarray(0, meta.start),
    rewritten(delta),
    file.subarray(meta.end),
    encodeBox('mdat', ...items.map(({ data }) => data)),
  ])
}

interface Infos {
  readonly ids: readonly number[]
  /** The item info entries, as they are. */
  readonly entries: Buffer
}

/** 8.11.6: a version, the number of entries, and a box for each item. */
function readInfos(iinf: Buffer): Infos {
  const entriesAt = iinf[0] === 0 ? 6 : 8
  const ids = [...boxesIn(iinf, { body: entriesAt, end: iinf.length })].map(({ body }) =>
    iinf[body] === 3 ? iinf.readUInt32BE(body + 4) : iinf.readUInt16BE(body + 4),
  )
  return { ids, entries: iinf.subarray(entriesAt) }
}

interface Item {
  readonly id: number
  readonly type: string
}

function writeInfos({ ids, entries }: Infos, items: readonly Item[]): Buffer {
  const added = items.map(({ id, type }) => {
    const contentType = type === 'mime' ? 'application/rdf+xml\0' : ''
    return encodeBox(
      'infe',
      Buffer.from([2, 0, 0, 1]),
      shorts(id, 0),
      Buffer.from(`${type}\0${contentType}`, 'latin1'),
    )
  })
  return Buffer.concat([Buffer.alloc(4), shorts(ids.length + items.length), entries, ...added])
}

/** 8.11.12: each of the items describes the content of the primary item. */
function writeReferences(iref: Buffer, items: readonly Item[], primary: number): Buffer {
  const added = items.map(({ id }) =>
    encodeBox(
      'cdsc',
      iref[0] === 0 ? shorts(id, 1, primary) : Buffer.concat([longs(id), shorts(1), longs(primary)]),
    ),
  )
  return Buffer.concat([iref, ...added])
}

interface Location {
  readonly id: number
  /** 0: offsets count from the start of the file. */
  readonly method: number
  readonly reference: number
  readonly extents: readonly { at: number; length: number }[]
}

/** 8.11.3: the positions of each item's data, in numbers as wide as the box declares. */
function readLocations(iloc: Buffer): Location[] {
  const version = iloc[0] ?? 0
  const [sizes = 0, moreSizes = 0] = iloc.subarray(4)
  let at = 6
  const number = (bytes: number) => {
    at += bytes
    return bytes === 0
      ? 0
      : bytes === 8
        ? Number(iloc.readBigUInt64BE(at - 8))
        : iloc.readUIntBE(at - bytes, bytes)
  }
  const count = number(version < 2 ? 2 : 4)
  return Array.from({ length: count }, () => {
    const id = number(version < 2 ? 2 : 4)
    const method = version === 0 ? 0 : number(2) & 15
    const reference = number(2)
    const base = number(moreSizes >> 4)
    const extents = Array.from({ length: number(2) }, () => {
      number(version === 0 ? 0 : moreSizes & 15)
      const offset = base + number(sizes >> 4)
      return { at: offset, length: number(sizes & 15) }
    })
    return { id, method, reference, extents }
  })
}

/** Version 1, in numbers of four bytes. */
function writeLocations(
  locations: readonly Location[],
  delta: number,
  added: readonly { id: number; at: number; length: number }[],
): Buffer {
  const moved = locations.map(({ extents, ...location }) => ({
    ...location,
    extents: extents.map(({ at, length }) => ({ at: location.method === 0 ? at + delta : at, length })),
  }))
  const all = [
    ...moved,
    ...added.map(({ id, ...extent }) => ({ id, method: 0, reference: 0, extents: [extent] })),
  ]
  return Buffer.concat([
    Buffer.from([1, 0, 0, 0, 0x44, 0x00]),
    shorts(all.length),
    ...all.flatMap(({ id, method, reference, extents }) => [
      shorts(id, method, reference, extents.length),
      ...extents.map(({ at, length }) => longs(at, length)),
    ]),
  ])
}
