import type { ImageHeader } from '@darkroom/image-header'
import { UnusableImage } from '../unusable-image.ts'
import { type Association, readAssociations, writeAssociations } from './associations.ts'
import { transformationTypes, withDerivedCrop } from './derive-crop.ts'
import {
  boxesIn,
  bytesOf,
  encodeBox,
  type FileBox,
  findBox,
  insideMeta,
  metaIn,
  withMeta,
} from './file-boxes.ts'
import { itemsIn, primaryOf, referencesIn } from './items.ts'

/**
 * An AVIF or HEIC in a form that libheif and libvips read as other decoders do; the file itself if they already do.
 *
 * @throws UnusableImage for a sequence without a still image
 */
export function forLibheif(input: Uint8Array, { format }: Pick<ImageHeader, 'format'>): Uint8Array {
  const file = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  const meta = metaIn(file)
  if (!meta || !boxesIn(file, insideMeta(meta)).some(({ type }) => type === 'pitm')) {
    const words = 'a sequence without a still image is not supported: save one of its frames as an image'
    throw new UnusableImage('unsupported-image', words)
  }
  const turned = withTransformations(file, meta, format)
  const cropped = withDerivedCrop(turned, metaIn(turned) ?? meta)
  const known = withKnownBrand(cropped)
  return known === file ? input : known
}

/** The first brands that libvips accepts for a file with a still image (heifload.c). */
const knownBrands = ['heic', 'heix', 'hevc', 'heim', 'heis', 'hevm', 'hevs', 'mif1', 'msf1', 'avif']

/** ISO/IEC 14496-12, 4.3: the first brand stands for the best use of a file, such as its sequence. */
function withKnownBrand(file: Buffer): Buffer {
  if (knownBrands.includes(file.toString('latin1', 8, 12))) return file
  const copy = Buffer.from(file)
  copy.write('mif1', 8, 'latin1')
  return copy
}

/**
 * Declares the transformations of the primary image for its transparency as well, if that has none. libavif writes them
 * only once and applies them to both; libheif would stretch unturned transparency over the turned image.
 *
 * If a grid has transformations, removes those of its tiles: libavif and others write them for both, and apply only those
 * of the grid, while libheif would apply both. The tiles of an AVIF lose them in any case, as in libavif.
 */
function withTransformations(file: Buffer, meta: FileBox, format: ImageHeader['format']): Buffer {
  const parts = [...boxesIn(file, insideMeta(meta))]
  const properties = findBox(file, insideMeta(meta), 'iprp')
  const types = [...boxesIn(file, findBox(file, properties, 'ipco'))].map(({ type }) => type)
  if (!types.some(type => transformationTypes.includes(type))) return file
  const isTransformation = ({ index }: Association) => transformationTypes.includes(types[index - 1] ?? '')

  const primary = primaryOf(file, findBox(file, insideMeta(meta), 'pitm'))
  const references = referencesIn(file, parts)
  const associations = readAssociations(file, properties)
  const propertiesOf = (id: number) => associations.get(id) ?? []
  const isTransformed = (id: number) => propertiesOf(id).some(isTransformation)
  const transparencies = references
    .filter(({ type, to }) => type === 'auxl' && to.includes(primary))
    .map(({ from }) => from)
  const grids = itemsIn(file, parts)
    .filter(({ id, type }) => type === 'grid' && (format === 'avif' || isTransformed(id)))
    .map(({ id }) => id)
  const tiles = references
    .filter(({ type, from }) => type === 'dimg' && grids.includes(from))
    .flatMap(({ to }) => to)

  const changed = new Map<number, readonly Association[]>()
  const own = propertiesOf(primary).filter(isTransformation)
  if (own.length > 0)
    for (const id of transparencies) if (!isTransformed(id)) changed.set(id, [...propertiesOf(id), ...own])
  for (const id of tiles)
    if (isTransformed(id))
      changed.set(
        id,
        propertiesOf(id).filter(property => !isTransformation(property)),
      )
  if (changed.size === 0) return file
  for (const [id, list] of changed) associations.set(id, list)
  const others = [...boxesIn(file, properties)].filter(({ type }) => type !== 'ipma')
  const iprp = encodeBox('iprp', ...others.map(box => bytesOf(file, box)), writeAssociations(associations))
  const content = parts.map(part => (part.type === 'iprp' ? iprp : bytesOf(file, part)))
  return withMeta(file, meta, content)
}
