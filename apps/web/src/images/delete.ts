import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { beforeSignOut } from '../session/session.ts'
import { announce } from '../shell/announce.ts'
import { notice } from '../shell/notice.ts'
import { tabChannel } from '../shell/tab-channel.ts'
import { forgetPending } from '../upload/pending.ts'
import { cancelUpload } from '../upload/queue.ts'
import { goesInPieces, rememberRow } from '../upload/send-in-pieces.ts'
import { withdraw } from '../upload/withdraw.ts'
import { readHistory } from './history.ts'
import { openedRow } from './opened-row.ts'
import { imageOf, type Row } from './row.ts'
import { forget, hidden, removeRows, shownRows } from './store.ts'

export interface Deletion {
  rows: readonly Row[]
}

const undoMs = 8000

/** The deletion that can be undone. */
export const undoable = signal<Deletion | undefined>(undefined)
let timer: ReturnType<typeof setTimeout> | undefined

/** Hides the rows at once, and deletes their images a little later. Until then, the deletion can be undone. */
export function deleteRows(rows: readonly Row[]): void {
  void carryOut()
  hidden.value = new Set([...hidden.value, ...rows])
  undoable.value = { rows }
  for (const row of rows) if (goesInPieces(row)) void forgetPending(row.key) // so that a reload doesn't restore it
  timer = setTimeout(() => void carryOut(), undoMs)
}

export function undo(): void {
  clearTimeout(timer)
  const rows = new Set(undoable.value?.rows)
  for (const row of rows) if (!imageOf(row) && goesInPieces(row)) void rememberRow(row)
  hidden.value = new Set([...hidden.value].filter(row => !rows.has(row)))
  undoable.value = undefined
}

/** Images whose deletion can no longer be undone, and has not been requested yet. */
const due: Row[] = []

/** For the other tabs of a user who has signed out, because their deletions would be refused. */
export function forgetDeletions(): void {
  clearTimeout(timer)
  undoable.value = undefined
  due.length = 0
}

let underWay: Promise<void> | undefined

function carryOut(): Promise<void> {
  endUndo()
  underWay ??= deleteDue().finally(() => (underWay = undefined))
  return underWay
}

async function deleteDue(): Promise<void> {
  // Meanwhile, further images may become due.
  while (due.length > 0) {
    for (let row = due.shift(); row; row = due.shift()) await deleteRow(row)
    if (shownRows.peek().length === 0) await readHistory() // older images take their place
  }
}

beforeSignOut.call = carryOut

function endUndo(): void {
  clearTimeout(timer)
  const rows = undoable.value?.rows ?? []
  undoable.value = undefined
  const files = rows.filter(row => !imageOf(row))
  for (const row of files) {
    void withdraw(row)
    void cancelUpload(row).then(late => late && deleteLate(late.id))
  }
  removeRows(files)
  due.push(...rows.filter(imageOf))
}

/** The server sends events only for deletions of unfinished images. */
const otherTabs = tabChannel('darkroom-deletions')
otherTabs.onmessage = ({ data }: MessageEvent<string>) => onDeleted(data)

/** Removes an image that was deleted elsewhere, and closes its details. */
export function onDeleted(id: string): void {
  const opened = openedRow.peek()
  if (opened && imageOf(opened)?.id === id) {
    openedRow.value = undefined
    announce('The image was deleted')
  }
  forget(id)
}

async function deleteRow(row: Row): Promise<void> {
  const { id = '' } = imageOf(row) ?? {}
  try {
    await deleteImage(id)
    forget(id)
  } catch (error) {
    hidden.value = new Set([...hidden.value].filter(each => each !== row))
    if (!(error instanceof Refusal)) throw error
    notice(error)
  }
}

/** Deletes the image of an upload that could not be stopped. */
async function deleteLate(id: string): Promise<void> {
  forget(id)
  try {
    await deleteImage(id)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    notice(error)
  }
}

async function deleteImage(id: string): Promise<void> {
  try {
    await request(`images/${id}`, { method: 'DELETE', keepalive: true })
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error
  }
  otherTabs.postMessage(id)
}

// If the user leaves the page, the deletion was not undone.
addEventListener('pagehide', () => {
  endUndo()
  for (const row of due.splice(0)) void deleteRow(row)
})
