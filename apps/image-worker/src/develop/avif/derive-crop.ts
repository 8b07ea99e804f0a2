import { cropsOfItem } from './crops-of-item.ts'
import {
  boxesIn,
  bytesOf,
  encodeBox,
  type FileBox,
  findBox,
  insideMeta,
  int32,
  withMeta,
} from './file-boxes.ts'
import { ItemProperties } from './item-properties.ts'
import {
  type FileItem,
  type FileReference,
  itemsIn,
  primaryOf,
  referencesIn,
  withItems,
  writeReferences,
} from './items.ts'

/** The properties of a derived image besides its transformations. All others describe its coding. */
const describing = ['ispe', 'colr', 'pixi', 'pasp', 'auxC', 'clli', 'mdcv', 'cclv']
export const transformationTypes = ['clap', 'irot', 'imir']

/**
 * Makes the cropped primary image an image that is derived from the whole one (`iden`, ISO/IEC 23008-12, 6.6.2.1), and its
 * transparency likewise: libheif refuses to decode an image that is much larger than its crop, and gets crops with large
 * fractions wrong. All crops become whole pixels inside the image.
 *
 *     hvc1 with clap, irot  ->  iden with clap, irot  -dimg->  hvc1
 */
export function withDerivedCrop(file: Buffer, meta: FileBox): Buffer {
  const parts = [...boxesIn(file, insideMeta(meta))]
  const properties = new ItemProperties(file, findBox(file, insideMeta(meta), 'iprp'))
  const primary = primaryOf(file, findBox(file, insideMeta(meta), 'pitm'))
  if (properties.of(primary, { only: ['clap'] }).length === 0) return file

  const references = referencesIn(file, parts)
  const ids = new Set(itemsIn(file, parts).map(({ id }) => id))
  const transparencies = references.filter(
    ({ type, from, to }) => type === 'auxl' && to.includes(primary) && ids.has(from),
  )
  const others = references.filter(reference => !transparencies.includes(reference))
  const derived = idsOfDerived([primary, ...transparencies.map(({ from }) => from)], ids)
  moveTransformations(file, properties, primary, derived)
  const items: FileItem[] = [...derived.values()].map(id => ({ id, type: 'iden' }))
  const replaced = ['pitm', 'iref', 'iprp', 'iinf']
  return withMeta(file, meta, [
    ...parts.filter(({ type }) => !replaced.includes(type)).map(part => bytesOf(file, part)),
    encodeBox('pitm', Buffer.from([1, 0, 0, 0]), int32(derived.get(primary) ?? primary)),
    withItems(file, findBox(file, insideMeta(meta), 'iinf'), items, primary),
    properties.encode(),
    writeReferences(referencesOfDerived(derived, primary, { transparencies, others })),
  ])
}

/** An unused id for the image that is derived from each item. */
function idsOfDerived(originals: readonly number[], used: ReadonlySet<number>): Map<number, number> {
  const derived = new Map<number, number>()
  let next = 1
  for (const id of new Set(originals)) {
    while (used.has(next)) next++
    derived.set(id, next++)
  }
  return derived
}

/** The derived images get the transformations of the primary image, with crops of their own size. */
function moveTransformations(
  file: Buffer,
  properties: ItemProperties,
  primary: number,
  derived: ReadonlyMap<number, number>,
): void {
  const transformations = properties.of(primary, { only: transformationTypes })
  const boxes = properties.boxesOf(transformations)
  const whole = properties.sizeOf(primary)
  for (const [id, derivedId] of derived) {
    const crops = cropsOfItem(file, boxes, whole, properties.sizeOf(id)).map(crop => properties.add(crop))
    const own = transformations.map(property =>
      properties.typeOf(property) === 'clap' ? { ...property, index: crops.shift() ?? 0 } : property,
    )
    // libheif converts samples to the full range before it crops at odd places. With colour numbers of a narrow range of
    // its own, the derived image would be spread once more.
    const described = properties
      .of(id, { only: describing })
      .filter(property => !properties.isNumbers(property))
    properties.set(derivedId, [...described, ...own])
    properties.set(id, properties.of(id, { except: transformationTypes }))
  }
}

/**
 * A derived image refers to its original (`dimg`), its transparency to it (`auxl`). Metadata (`cdsc`) and premultiplied
 * transparency (`prem`) move to the derived images.
 */
function referencesOfDerived(
  derived: ReadonlyMap<number, number>,
  primary: number,
  { transparencies, others }: { transparencies: readonly FileReference[]; others: readonly FileReference[] },
): FileReference[] {
  const derivedOf = (id: number) => derived.get(id) ?? id
  const moved = others.map(reference => {
    const { type, from, to } = reference
    if (type === 'prem') return { type, from: derivedOf(from), to: to.map(derivedOf) }
    return type === 'cdsc' ? { type, from, to: to.map(derivedOf) } : reference
  })
  const originals = [...derived].map(([from, to]) => ({ type: 'dimg', from: to, to: [from] }))
  const auxiliaries = transparencies.map(({ type, from }) => ({
    type,
    from: derivedOf(from),
    to: [derivedOf(primary)],
  }))
  return [...moved, ...originals, ...auxiliaries]
}
