import type { Box, BoxWalker } from './boxes.ts'

/** The position where the bytes of an item begin. */
export interface ItemLocation {
  /** Whether the position is in the file; otherwise it is in the `idat` box. */
  isInFile: boolean
  offset: number
  length: number
  /** The byte behind the last extent; 0 for items that are not in the file. */
  end: number
}

/** ISO/IEC 14496-12 section 8.11.3: the first extent of each item, and how far all its extents reach. */
export async function readLocations(walker: BoxWalker, box: Box): Promise<Map<number, ItemLocation>> {
  const locations = new Map<number, ItemLocation>()
  const table = await walker.table(box)
  const { version } = table.fullBox()
  const [sizes, moreSizes] = [table.uint8(), table.uint8()]
  const readSized = (bytes: number) => {
    if (bytes === 8) return table.uint32() * 2 ** 32 + table.uint32()
    return bytes === 4 ? table.uint32() : 0
  }
  const readId = () => (version < 2 ? table.uint16() : table.uint32())
  for (let items = readId(); items > 0; items--) {
    const id = readId()
    const construction = version > 0 ? table.uint16() & 15 : 0
    table.skip(2)
    const base = readSized(moreSizes >> 4)
    for (let extents = table.uint16(); extents > 0; extents--) {
      if (version > 0) readSized(moreSizes & 15)
      const [offset, length] = [base + readSized(sizes >> 4), readSized(sizes & 15)]
      if (construction >= 2) continue
      const isInFile = construction === 0
      const location = locations.get(id) ?? { isInFile, offset, length, end: 0 }
      locations.set(id, { ...location, end: isInFile ? Math.max(location.end, offset + length) : 0 })
    }
  }
  return locations
}
