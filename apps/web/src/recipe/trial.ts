import type { Operation } from '@darkroom/contracts'
import { developOnce, loadVariant } from '../images/develop-once.ts'
import { nameOfTrial, previewsOf, sides } from '../images/previews.ts'
import { expectReadable } from '../upload/expect-readable.ts'
import { recipe } from './recipe.ts'
import { scaledOperations, smallVersion } from './small-version.ts'
import { listsOf } from './upload-options.ts'

/** It is loaded with the first trial. */
export { Slider } from '../compare/slider.tsx'

/** The URLs of both sides. */
export interface Trial {
  before: string
  after: string
}

/** The operation of an empty recipe, unless an operator has changed it. */
const defaultOperations = [{ name: 'swap-channels', order: 'bgr' }] as unknown as Operation[]

/** Applies the recipe to a small version of a file. */
export async function tryRecipe(file: File): Promise<Trial> {
  await expectReadable(file)
  const { image, scale, isShown } = await smallVersion(file)
  const { operations, variants } = listsOf(recipe.peek())
  const tried = operations ?? Object.values(variants ?? {})[0] ?? defaultOperations
  const name = isShown ? nameOfTrial() : sides.after
  const lists = isShown ? { [name]: shownIn(scaledOperations(tried, scale)) } : previewsOf(tried)
  const query = { variants: JSON.stringify(lists) }
  return developOnce({ query, body: image }, async id => {
    const before = isShown ? image : await loadVariant(id, sides.before)
    const after = await loadVariant(id, name)
    return { before: URL.createObjectURL(before), after: URL.createObjectURL(after) }
  })
}

/** No browser shows TIFF. */
function shownIn(operations: readonly Operation[]): Operation[] {
  return operations.map(operation =>
    'type' in operation && operation.type === 'tiff' ? { ...operation, type: 'png' } : operation,
  )
}
