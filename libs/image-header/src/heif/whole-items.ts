import type { ByteSource } from '../byte-source.ts'
import { HeaderReader } from '../header-reader.ts'
import { MalformedImage } from '../malformed-image.ts'
import { BoxWalker } from './boxes.ts'
import { derivedFrom } from './derivation.ts'
import { readLocations } from './item-locations.ts'
import { type HeifMeta, readMeta } from './items.ts'

/**
 * Checks that a whole AVIF or HEIC contains all data of its primary image, with its tiles and its transparency: decoders
 * leave missing tiles blank.
 *
 * @throws MalformedImage
 */
export async function expectWholeItems(source: ByteSource): Promise<void> {
  const walker = new BoxWalker(new HeaderReader(source))
  for await (const box of walker.topLevel()) {
    if (box.type !== 'meta') continue
    const ids = itemsOfPrimary(await readMeta(walker, box))
    for await (const inner of walker.children(box, 4)) {
      if (inner.type !== 'iloc') continue
      for (const [id, { end }] of await readLocations(walker, inner))
        if (ids.has(id) && end > source.size)
          throw new MalformedImage(
            `the image data ends at byte ${end}, but the file has only ${source.size} bytes`,
          )
    }
    return
  }
}

/** The primary image, all images of which it is made, and their transparency. */
function itemsOfPrimary(meta: HeifMeta): Set<number> {
  const ids = new Set([meta.primaryId])
  // The iteration of a set includes the elements that are added meanwhile.
  for (const id of ids) {
    for (const part of derivedFrom(meta, id)) ids.add(part)
    for (const { type, from, to } of meta.references) if (type === 'auxl' && to.includes(id)) ids.add(from)
  }
  return ids
}
