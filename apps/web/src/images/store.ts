import type { ImageStatus } from '@darkroom/contracts'
import { batch, computed, signal } from '@preact/signals'
import { filter } from './filter.ts'
import { nameOf, onNamed, rememberName } from './names.ts'
import { isMadeForPage } from './previews.ts'
import { imageOf, type Row, type RowView, rowOfImage } from './row.ts'

/** Files that were chosen in this tab, newest first. */
const uploads = signal<readonly Row[]>([])
/** The page of the history that the URL names. */
const history = signal<readonly Row[]>([])
const rowsById = new Map<string, Row>()
/** The ids of deleted images, the oldest first: an event or a listing may arrive after the deletion. */
const deletedIds = new Set<string>()
const maxDeletedIds = 5000
/** Rows whose deletion can still be undone. */
export const hidden = signal<ReadonlySet<Row>>(new Set())

type Counts = Readonly<Partial<Record<RowView['state'], number>>>

const allCounts = signal<Counts>({})

/** How many of the files chosen here are in each state, without those that are deleted. */
export const counts = computed<Counts>(() => {
  const shown = { ...allCounts.value }
  for (const row of hidden.value) {
    const { state } = row.view.value
    if (isUpload(row)) shown[state] = (shown[state] ?? 0) - 1
  }
  return shown
})

/** The rows of the list. On the first page, files chosen here are above the history. */
export const shownRows = computed<readonly Row[]>(() => {
  const { state, since, preset, cursor } = filter.value
  const own = cursor === undefined ? uploads.value : []
  // Without a filter, no state is read: otherwise, the list would be computed again for each change of one of thousands of
  // rows.
  const fits = own.filter(
    row =>
      (state === undefined || matches(row.view.value.state, state)) &&
      (since === undefined || isSince(row, since)) &&
      (preset === undefined || row.options?.preset === preset),
  )
  const known = new Set(fits)
  const others = history.value.filter(
    row => !known.has(row) && (state === undefined || matches(row.view.value.state, state)),
  )
  const all = [...fits, ...others]
  return hidden.value.size === 0 ? all : all.filter(row => !hidden.value.has(row))
})

/** The states of files that the server has no image of yet, as a part of the history in which they are shown. */
const states: Partial<Record<RowView['state'], string>> = {
  waiting: 'not-started',
  uploading: 'not-started',
  refused: 'failed',
}

function matches(state: RowView['state'], wanted: string): boolean {
  return (states[state] ?? state) === wanted
}

/** Files that are not uploaded yet count as newer than any instant. */
function isSince({ view: { value } }: Row, since: string): boolean {
  return !('image' in value) || Date.parse(value.image.createdAt) >= Date.parse(since)
}

export function addUploads(rows: readonly Row[]): void {
  uploads.value = [...rows, ...uploads.value]
  count({ waiting: rows.length })
}

export function hasUpload(key: string): boolean {
  return uploads.peek().some(row => row.key === key)
}

/** Changes the state of an upload. */
export function setView(row: Row, view: RowView): void {
  const before = row.view.value.state
  row.view.value = view
  if (before !== view.state && isUpload(row)) count({ [before]: -1, [view.state]: 1 })
}

/** Marks that a file has become an image. The events of the image may have arrived before this response. */
export function becomeImage(row: Row, image: ImageStatus): void {
  const early = rowsById.get(image.id)
  rowsById.set(image.id, row)
  rememberName(image.id, row.name)
  const seen = early?.view.value
  setView(row, seen && 'image' in seen ? seen : { state: image.state, image, version: 0 })
  if (early && early !== row) history.value = history.value.filter(each => each !== early)
}

/** Stores the state of an image from an event or a listing. An older version changes nothing. */
export function update(image: ImageStatus, version: number): void {
  const row = rowsById.get(image.id)
  if (row) {
    const view = row.view.value
    if ('image' in view && version > 0 && version <= view.version) return
    if ('image' in view && version === 0 && isBehind(image, view.image)) return
    setView(row, { state: image.state, image, version: version || ('version' in view ? view.version : 0) })
    return
  }
  if (deletedIds.has(image.id)) return
  const { state, preset, cursor } = filter.value
  const isElsewhere =
    cursor !== undefined ||
    (state !== undefined && state !== image.state) ||
    (preset !== undefined && preset !== image.preset)
  if (isElsewhere || isMadeForPage(image)) return
  history.value = [rowFor(image), ...history.value]
}

const order = ['not-started', 'in-progress', 'finished', 'failed']

/** Whether a listed image is older than an event that has arrived since the request. */
function isBehind(image: ImageStatus, known: ImageStatus): boolean {
  return image.attempts <= known.attempts && order.indexOf(image.state) < order.indexOf(known.state)
}

/** The rows of the shown page of the history. */
export function shownHistory(): readonly Row[] {
  return history.peek()
}

/**
 * Replaces the shown page of the history by a listing. An image that was uploaded while the listing was read may be
 * missing in it, so rows that events have added since `before`, the rows at the time of the request, stay.
 */
export function setHistory(images: readonly ImageStatus[], before: readonly Row[]): void {
  const listed = images
    .filter(image => !isMadeForPage(image) && !deletedIds.has(image.id))
    .map(image => {
      const known = rowsById.get(image.id)
      if (known) update(image, 0)
      return known ?? rowFor(image)
    })
  const old = new Set([...before, ...listed])
  const next = [...history.value.filter(row => !old.has(row)), ...listed]
  const kept = new Set(next)
  for (const row of history.value) {
    const image = imageOf(row)
    // A row that is no longer shown is unknown again: a later event may show it.
    if (image && !kept.has(row) && !isUpload(row) && !hidden.value.has(row)) rowsById.delete(image.id)
  }
  history.value = next
}

function rowFor(image: ImageStatus): Row {
  // The middle of the id, because the ids of images that were uploaded with one grant have the same end.
  const row = rowOfImage(image, nameOf(image.id) ?? `Image ${image.id.slice(14, 23)}`)
  rowsById.set(image.id, row)
  return row
}

onNamed.call = (id, name) => rowsById.get(id)?.rename?.(name)

/** Removes a deleted image. */
export function forget(id: string): void {
  deletedIds.add(id)
  for (const oldest of deletedIds) {
    if (deletedIds.size <= maxDeletedIds) break
    deletedIds.delete(oldest)
  }
  const row = rowsById.get(id)
  if (row) removeRows([row])
}

export function isKnown(id: string): boolean {
  return rowsById.has(id)
}

export function removeRows(rows: readonly Row[]): void {
  const gone = new Set(rows)
  // Without a batch, the list would be computed again for each of thousands of rows.
  batch(() => {
    for (const row of rows) {
      const view = row.view.value
      if ('image' in view) rowsById.delete(view.image.id)
      if (isUpload(row)) count({ [view.state]: -1 })
    }
    uploads.value = uploads.value.filter(row => !gone.has(row))
    history.value = history.value.filter(row => !gone.has(row))
    hidden.value = new Set([...hidden.value].filter(row => !gone.has(row)))
  })
}

/** Removes all images of this tab, because they belong to the caller who has signed out. */
export function forgetAll(): void {
  rowsById.clear()
  uploads.value = []
  history.value = []
  hidden.value = new Set()
  allCounts.value = {}
}

/** Removes the images, because the key that showed them was revoked or has expired. Files that are not uploaded yet stay. */
export function forgetImages(): void {
  removeRows(uploads.value.filter(row => 'image' in row.view.value))
  rowsById.clear()
  history.value = []
}

/** The images chosen here that have not ended, oldest first. */
export function unfinishedIds(): string[] {
  return uploads.value
    .flatMap(row => {
      const view = row.view.value
      return view.state === 'not-started' || view.state === 'in-progress' ? [view.image.id] : []
    })
    .sort()
}

function count(changes: Partial<Record<RowView['state'], number>>): void {
  const next = { ...allCounts.value }
  for (const [state, change] of Object.entries(changes) as [RowView['state'], number][])
    next[state] = (next[state] ?? 0) + change
  allCounts.value = next
}

function isUpload({ file }: Row): boolean {
  return file !== undefined
}
