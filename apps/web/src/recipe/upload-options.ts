import type { Operation } from '@darkroom/contracts'
import { type Lists, withPreviews } from '../images/previews.ts'
import type { UploadOptions } from '../images/row.ts'
import { presets } from './presets.ts'
import { operationsOf, type Recipe, recipe } from './recipe.ts'

/** The request for a file: the current recipe, and previews if the browser can't show both sides. */
export function uploadOptionsFor(file: File): UploadOptions {
  const { preset } = recipe.peek()
  const lists = listsOf(recipe.peek())
  const requested = withPreviews(file, lists)
  const variants = requested.variants && JSON.stringify(requested.variants)
  // The server expands a preset by itself, unless previews are added to it.
  if (preset !== undefined) return { preset, variants: requested === lists ? undefined : variants }
  return { operations: requested.operations && JSON.stringify(requested.operations), variants }
}

/** The lists of operations of a recipe. If there are none, the server applies its default. */
export function listsOf({ preset, steps, variants }: Recipe): Lists {
  if (preset !== undefined) return presetLists(preset)
  return {
    ...(steps.length > 0 && { operations: operationsOf(steps) }),
    ...(variants.length > 0 && {
      variants: Object.fromEntries(variants.map(variant => [variant.name, operationsOf(variant.steps)])),
    }),
  }
}

function presetLists(name: string): Lists {
  const preset = presets.peek()?.find(each => each.name === name)
  const variants = Object.entries(preset?.variants ?? {}).map(
    ([variant, { operations }]): [string, readonly Operation[]] => [variant, operations],
  )
  return {
    ...(preset?.operations && { operations: preset.operations }),
    ...(variants.length > 0 && { variants: Object.fromEntries(variants) }),
  }
}
