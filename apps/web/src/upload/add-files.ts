import { show } from '../images/filter.ts'
import { withPreviews } from '../images/previews.ts'
import { rowOfFile, type Wish } from '../images/row.ts'
import { operationsOf, operationsText, steps } from '../recipe/recipe.ts'
import { announce } from '../shell/announce.ts'
import { lastFile } from './last-file.ts'
import { enqueue } from './queue.ts'

/** Adds files to the list with the current recipe, and sends them. */
export function addFiles(files: readonly File[]): void {
  if (files.length === 0) return
  const list = steps.peek()
  const wish: Wish = { operations: operationsText(list) }
  lastFile.value = files[0]
  show({}) // shows the added files
  enqueue(files.map(file => rowOfFile(file, withPreviews(file, wish, operationsOf(list)))))
  announce(files.length === 1 ? `${files[0]?.name} was added` : `${files.length} images were added`)
}
