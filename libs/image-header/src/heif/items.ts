import { MalformedImage } from '../malformed-image.ts'
import type { Box, BoxWalker } from './boxes.ts'
import { type HeifProperty, readProperties } from './properties.ts'

/** libheif's limit; it refuses a file with more items, too. */
const maxItems = 1000
const maxReferences = 65_536

export interface HeifItem {
  id: number
  /** 'av01' for a coded image, 'grid' for an image made of others, 'Exif' for metadata. */
  type: string
  isHidden: boolean
  properties: HeifProperty[]
}

interface HeifReference {
  /** 'auxl' from alpha to its image, 'thmb' from thumbnail to image, 'dimg' from grid to tiles. */
  type: string
  from: number
  to: number[]
}

/** The content of a file's `meta` box: ISO/IEC 14496-12 section 8.11, ISO/IEC 23008-12 sections 6 and 9.3. */
export interface HeifMeta {
  /** 0 if the file names no primary item: no item has this number. */
  primaryId: number
  items: Map<number, HeifItem>
  references: HeifReference[]
}

export async function readMeta(walker: BoxWalker, meta: Box): Promise<HeifMeta> {
  const items = new Map<number, HeifItem>()
  const references: HeifReference[] = []
  const associations = new Map<number, number[]>()
  let properties: HeifProperty[] = []
  let primaryId = 0
  for await (const box of walker.children(meta, 4)) {
    if (box.type === 'pitm') primaryId = await readPrimaryId(walker, box)
    else if (box.type === 'iinf') await readItems(walker, box, items)
    else if (box.type === 'iref') await readReferences(walker, box, references)
    else if (box.type === 'iprp')
      for await (const inner of walker.children(box)) {
        if (inner.type === 'ipco') properties = await readProperties(walker, inner)
        else if (inner.type === 'ipma') await readAssociations(walker, inner, associations)
      }
  }
  // ISO/IEC 23008-12 section 9.3.1: properties count from 1; 0 means none.
  for (const item of items.values())
    for (const index of associations.get(item.id) ?? []) {
      const property = properties[index - 1]
      if (property) item.properties.push(property)
    }
  return { primaryId, items, references }
}

/** ISO/IEC 14496-12 section 8.11.4. */
async function readPrimaryId(walker: BoxWalker, box: Box): Promise<number> {
  const table = await walker.table(box)
  return table.fullBox().version === 0 ? table.uint16() : table.uint32()
}

/** Section 8.11.6: a count, redundant with the boxes inside, then an `infe` box for each item. */
async function readItems(walker: BoxWalker, box: Box, items: Map<number, HeifItem>): Promise<void> {
  if (box.end - box.body < 6) return
  const version = (await walker.reader.view(box.body, 1)).getUint8(0)
  for await (const entry of walker.children(box, version === 0 ? 6 : 8)) {
    if (entry.type !== 'infe') continue
    const table = await walker.table(entry)
    const { version, flags } = table.fullBox()
    if (version !== 2 && version !== 3) continue
    const id = version === 2 ? table.uint16() : table.uint32()
    table.skip(2)
    if (!items.has(id)) items.set(id, { id, type: table.code(), isHidden: (flags & 1) !== 0, properties: [] })
    if (items.size > maxItems) throw new MalformedImage(`the file has more than ${maxItems} items`)
  }
}

/** Section 8.11.12: a box for each reference; its type is the kind, and its ids have 16 or 32 bits. */
async function readReferences(walker: BoxWalker, box: Box, references: HeifReference[]): Promise<void> {
  if (box.end - box.body < 4) return
  const version = (await walker.reader.view(box.body, 1)).getUint8(0)
  let total = references.reduce((sum, reference) => sum + reference.to.length, 0)
  for await (const entry of walker.children(box, 4)) {
    const table = await walker.table(entry)
    const readId = () => (version === 0 ? table.uint16() : table.uint32())
    const from = readId()
    const count = table.uint16()
    total += count
    if (total > maxReferences) throw new MalformedImage(`the file has more than ${maxReferences} references`)
    references.push({ type: entry.type, from, to: Array.from({ length: count }, readId) })
  }
}

/**
 * ISO/IEC 23008-12 section 9.3.1: for each item the indices of its properties, each with 7 or 15 bits and a bit
 * "essential".
 */
async function readAssociations(
  walker: BoxWalker,
  box: Box,
  associations: Map<number, number[]>,
): Promise<void> {
  const table = await walker.table(box)
  const { version, flags } = table.fullBox()
  const entries = table.uint32()
  if (entries > maxItems) throw new MalformedImage(`the file gives properties to more than ${maxItems} items`)
  for (let entry = 0; entry < entries; entry++) {
    const id = version < 1 ? table.uint16() : table.uint32()
    const count = table.uint8()
    const readIndex = () => (flags & 1 ? table.uint16() & 0x7fff : table.uint8() & 0x7f)
    const indices = Array.from({ length: count }, readIndex)
    if (!associations.has(id)) associations.set(id, indices)
  }
}
