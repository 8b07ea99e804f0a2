import { show } from '../images/filter.ts'
import { rowOfFile } from '../images/row.ts'
import { uploadOptionsFor } from '../recipe/upload-options.ts'
import { announce } from '../shell/announce.ts'
import { looksLikeImage } from './dropped-files.ts'
import { lastFile } from './last-file.ts'
import { enqueue, isHeld } from './queue.ts'
import { goesInPieces, rememberRow } from './send-in-pieces.ts'

/** On a phone, the list begins below the window: otherwise, nothing would seem to happen. */
function bringListIntoView(): void {
  const head = document.querySelector('.images-head')
  if (head && head.getBoundingClientRect().bottom > innerHeight) head.scrollIntoView()
}

/** Adds files to the list with the current recipe, and sends them. Collected files get the recipe when they are sent. */
export function addFiles(files: readonly File[]): void {
  if (files.length === 0) return
  lastFile.value = files.find(looksLikeImage) ?? lastFile.peek()
  show({}) // shows the added files
  const rows = files.map(file => rowOfFile(file, isHeld.peek() ? undefined : uploadOptionsFor(file)))
  for (const row of rows) if (goesInPieces(row)) void rememberRow(row)
  enqueue(rows)
  if (!isHeld.peek()) bringListIntoView()
  announce(files.length === 1 ? `${files[0]?.name} was added` : `${files.length} images were added`)
}
