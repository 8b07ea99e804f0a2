import { type CleanAperture, type Crop, cropOf } from '@darkroom/image-header'
import { type Association, readAssociations, writeAssociations } from './associations.ts'
import { boxesIn, bytesOf, encodeBox, type FileBox, findBox, insideMeta, withMeta } from './file-boxes.ts'
import { type FileItem, itemsIn, primaryOf, referencesIn, withItems, writeReferences } from './items.ts'

/** The properties of a derived image besides its transformations. All others describe its coding. */
const describing = ['ispe', 'colr', 'pixi', 'pasp', 'auxC', 'clli', 'mdcv', 'cclv']
export const transformationTypes = ['clap', 'irot', 'imir']

interface Size {
  readonly width: number
  readonly height: number
}

/**
 * Makes the cropped primary image an image that is derived from the whole one (`iden`, ISO/IEC 23008-12, 6.6.2.1), and its
 * transparency likewise: libheif refuses to decode an image that is much larger than its crop, and gets crops wrong whose
 * fractions are large. All crops become whole pixels inside the image.
 *
 *     hvc1 with clap, irot  ->  iden with clap, irot  -dimg->  hvc1
 */
export function withDerivedCrop(file: Buffer, meta: FileBox): Buffer {
  const parts = [...boxesIn(file, insideMeta(meta))]
  const properties = findBox(file, insideMeta(meta), 'iprp')
  const known = [...boxesIn(file, findBox(file, properties, 'ipco'))]
  const associations = readAssociations(file, properties)
  const primary = primaryOf(file, findBox(file, insideMeta(meta), 'pitm'))
  const typeOf = ({ index }: Association) => known[index - 1]?.type ?? ''
  const transformations = propertiesOf(primary).filter(property =>
    transformationTypes.includes(typeOf(property)),
  )
  if (!transformations.some(property => typeOf(property) === 'clap')) return file

  const references = referencesIn(file, parts)
  const used = new Set(itemsIn(file, parts).map(({ id }) => id))
  const transparencies = references.filter(
    ({ type, from, to }) => type === 'auxl' && to.includes(primary) && used.has(from),
  )
  const derived = new Map<number, number>()
  const added: Buffer[] = []
  const whole = sizeOf(primary)
  for (const id of new Set([primary, ...transparencies.map(({ from }) => from)])) derive(id)

  const derivedOf = (id: number) => derived.get(id) ?? id
  const moved = references
    .filter(reference => !transparencies.includes(reference))
    .map(reference => {
      const { type, from, to } = reference
      if (type === 'prem') return { type, from: derivedOf(from), to: to.map(derivedOf) }
      return type === 'cdsc' ? { type, from, to: to.map(derivedOf) } : reference
    })
  const originals = [...derived].map(([from, to]) => ({ type: 'dimg', from: to, to: [from] }))
  const auxiliaries = transparencies.map(({ type, from }) => ({
    ...{ type, from: derivedOf(from) },
    to: [derivedOf(primary)],
  }))
  const items: FileItem[] = [...derived.values()].map(id => ({ id, type: 'iden' }))
  const ipco = encodeBox('ipco', ...known.map(box => bytesOf(file, box)), ...added)
  const replaced = ['pitm', 'iref', 'iprp', 'iinf']
  return withMeta(file, meta, [
    ...parts.filter(({ type }) => !replaced.includes(type)).map(part => bytesOf(file, part)),
    encodeBox('pitm', Buffer.from([1, 0, 0, 0]), long(derivedOf(primary))),
    withItems(file, findBox(file, insideMeta(meta), 'iinf'), items, primary),
    encodeBox('iprp', ipco, writeAssociations(associations)),
    writeReferences([...moved, ...originals, ...auxiliaries]),
  ])

  function propertiesOf(id: number): readonly Association[] {
    return associations.get(id) ?? []
  }

  function boxesOf(list: readonly Association[]): FileBox[] {
    return list.map(({ index }) => known[index - 1]).filter(box => box !== undefined)
  }

  function sizeOf(id: number): Size {
    const box = boxesOf(propertiesOf(id)).findLast(({ type }) => type === 'ispe')
    if (!box) return { width: 1, height: 1 }
    return { width: file.readUInt32BE(box.body + 4), height: file.readUInt32BE(box.body + 8) }
  }

  /** Moves the transformations of an item to an item that is derived from it. */
  function derive(id: number): void {
    let derivedId = 1
    while (used.has(derivedId)) derivedId++
    used.add(derivedId)
    derived.set(id, derivedId)
    let next = known.length + added.length + 1
    added.push(...cropsIn(file, boxesOf(transformations), whole, sizeOf(id)))
    const own = transformations.map(property =>
      typeOf(property) === 'clap' ? { ...property, index: next++ } : property,
    )
    const description = propertiesOf(id).filter(property => describing.includes(typeOf(property)))
    associations.set(derivedId, [...description, ...own])
    associations.set(
      id,
      propertiesOf(id).filter(property => !transformationTypes.includes(typeOf(property))),
    )
  }
}

/**
 * The crops among the transformations of the primary image, for an item of another size, such as its transparency: each
 * is a part of what the transformations before it leave.
 */
function cropsIn(file: Buffer, transformations: readonly FileBox[], primary: Size, item: Size): Buffer[] {
  let [whole, own] = [primary, item]
  const crops: Buffer[] = []
  for (const { type, body } of transformations) {
    if (type === 'irot' && ((file[body] ?? 0) & 1) === 1) [whole, own] = [swapped(whole), swapped(own)]
    if (type !== 'clap') continue
    const crop = cropOf(apertureAt(file, body), whole)
    const ownCrop = scaled(crop, whole, own)
    crops.push(encodeCrop(ownCrop, own))
    whole = crop
    own = ownCrop
  }
  return crops
}

function swapped({ width, height }: Size): Size {
  return { width: height, height: width }
}

/** Includes the pixels of which only a part belongs to the crop. Divides last, so that whole results are exact. */
function scaled({ left, top, width, height }: Crop, from: Size, to: Size): Crop {
  const right = Math.ceil(((left + width) * to.width) / from.width)
  const bottom = Math.ceil(((top + height) * to.height) / from.height)
  const [x, y] = [Math.floor((left * to.width) / from.width), Math.floor((top * to.height) / from.height)]
  return { left: x, top: y, width: right - x, height: bottom - y }
}

/** ISO/IEC 14496-12, 12.1.4: fractions of 32 bits. */
function apertureAt(file: Buffer, body: number): CleanAperture {
  const size = (at: number) => file.readUInt32BE(body + at) / file.readUInt32BE(body + at + 4)
  const offset = (at: number) => file.readInt32BE(body + at) / file.readUInt32BE(body + at + 4)
  return { width: size(0), height: size(8), right: offset(16), down: offset(24) }
}

/** The offsets of the centre are in half pixels. */
function encodeCrop({ left, top, width, height }: Crop, whole: Size): Buffer {
  const [right, down] = [2 * left + width - whole.width, 2 * top + height - whole.height]
  return encodeBox('clap', ...[width, 1, height, 1, right, 2, down, 2].map(long))
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
