import type { ImageHeader } from '@darkroom/image-header'
import {
  composeTurns,
  flip,
  flop,
  noTurn,
  orientationOf,
  type Turn,
  turnBy,
  turnedSize,
} from '../../permute/turn.ts'
import { transformationTypes } from './derive-crop.ts'
import { boxesIn, bytesOf, type FileBox, findBox, insideMeta, metaIn, withMeta } from './file-boxes.ts'
import { ItemProperties } from './item-properties.ts'
import { primaryOf, referencesIn } from './items.ts'

/**
 * An AVIF or HEIC of an odd width or height without its turns, and the header with the turns as an orientation. Other
 * files are returned as they are. libheif spreads reduced colours before it turns them if a side is odd, and gets them
 * wrong along the edges; without turns, it spreads them correctly.
 */
export function withoutOwnTurns(
  input: Uint8Array,
  header: ImageHeader,
): { source: Uint8Array; header: ImageHeader } {
  const file = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  const meta = metaIn(file)
  if (!meta || (header.width % 2 === 0 && header.height % 2 === 0)) return { source: input, header }
  const parts = [...boxesIn(file, insideMeta(meta))]
  const properties = new ItemProperties(file, findBox(file, insideMeta(meta), 'iprp'))
  const primary = primaryOf(file, findBox(file, insideMeta(meta), 'pitm'))
  const turn = turnsOf(properties, primary).reduce(
    (before, property) => composeTurns(before, turnOfProperty(file, properties.boxesOf([property])[0])),
    noTurn,
  )
  const orientation = orientationOf(turn)
  if (orientation === 1) return { source: input, header }

  const transparencies = referencesIn(file, parts).filter(
    ({ type, to }) => type === 'auxl' && to.includes(primary),
  )
  for (const id of [primary, ...transparencies.map(({ from }) => from)]) {
    const own = turnsOf(properties, id)
    properties.set(
      id,
      properties.of(id, { except: [] }).filter(({ index }) => !own.some(turn => turn.index === index)),
    )
  }
  const content = parts.map(part => (part.type === 'iprp' ? properties.encode() : bytesOf(file, part)))
  return {
    source: withMeta(file, meta, content),
    header: { ...header, ...turnedSize(header, turn), orientation },
  }
}

/** The turns of an item, unless a crop follows them. */
function turnsOf(properties: ItemProperties, id: number) {
  const transformations = properties.of(id, { only: transformationTypes })
  const lastCrop = transformations.findLastIndex(property => properties.typeOf(property) === 'clap')
  return transformations.slice(lastCrop + 1)
}

/** ISO/IEC 23008-12, 6.5.10 and 6.5.12: quarter turns anti-clockwise; a mirror image, 0 of the rows, 1 of the columns. */
function turnOfProperty(file: Buffer, property: FileBox | undefined): Turn {
  const value = file[property?.body ?? file.length] ?? 0
  if (property?.type === 'imir') return (value & 1) === 0 ? flip : flop
  return turnBy(-90 * (value & 3)) ?? noTurn
}
