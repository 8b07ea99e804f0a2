import type { ImageFacts, ImageStatus, Operation } from '@darkroom/contracts'
import { urlOf } from '../api/base.ts'
import { archivesOf } from './archive.ts'
import { isPreview } from './previews.ts'
import type { Row } from './row.ts'
import { extensionOf, stemOf } from './row-words.ts'

/** One developed image: the result, or a variant. */
export interface Output {
  /** The name of the variant; undefined for the result. */
  name: string | undefined
  operations: readonly Operation[]
  facts: ImageFacts
  path: string
}

/** The developed images of a finished image, first the result. Previews of the page are left out. */
export function outputsOf({ id, operations, result, variants = {} }: ImageStatus): Output[] {
  const main: Output[] =
    operations && result ? [{ name: undefined, operations, facts: result, path: `images/${id}/result` }] : []
  const others = Object.entries(variants).flatMap(([name, variant]): Output[] =>
    variant.result && !isPreview(name, variant)
      ? [
          {
            name,
            operations: variant.operations,
            facts: variant.result,
            path: `images/${id}/variants/${name}`,
          },
        ]
      : [],
  )
  return [...main, ...others]
}

/** The attributes of a link that downloads the result, or a zip of all variants if there is no result. */
export interface Download {
  url: string
  name: string
}

export function downloadOf(row: Row, image: ImageStatus): Download {
  const [first, ...others] = outputsOf(image)
  if (first && (first.name === undefined || others.length === 0)) return downloadOfOutput(row, first)
  return { url: archivesOf([row])[0]?.url ?? '', name: `${stemOf(row.name)}.zip` }
}

/** The uploaded file, under its own name. If this browser does not know the name, it gets the extension of its format. */
export function downloadOfOriginal({ name }: Row, { id, original }: ImageStatus): Download {
  const [file = ''] = name.split('/').slice(-1)
  const isComplete = file.includes('.')
  return {
    url: urlOf(`images/${id}/original`),
    name: isComplete ? file : `${file}.${extensionOf(original.contentType)}`,
  }
}

/** The file is named like the original, with the name of the variant and the extension of the format. */
export function downloadOfOutput(row: Row, { name, facts, path }: Output): Download {
  const stem = stemOf(row.name)
  const file = name === undefined ? stem : `${stem}_${name}`
  return { url: urlOf(path), name: `${file}.${extensionOf(facts.contentType)}` }
}
