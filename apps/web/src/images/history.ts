import type { ImageStatus } from '@darkroom/contracts'
import { effect, signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { isLive } from '../live/live.ts'
import { session } from '../session/session.ts'
import { type Filter, filter } from './filter.ts'
import { setHistory, shownHistory, unfinishedIds, update } from './store.ts'

interface Listing {
  images: ImageStatus[]
  next?: string
}

const pageSize = 50
const maxListed = 1000

/** The cursor of the next page, if there is one. */
export const nextCursor = signal<string | undefined>(undefined)
export const historyState = signal<'loading' | 'loaded' | Refusal>('loading')

/** How long the first listing waits for the stream of events. */
const maxWaitMs = 500

export function isRefusedForNow(): boolean {
  const state = historyState.peek()
  return state instanceof Refusal && state.isTemporary
}

let latest = 0

/** Reads the page of the history that the URL names. */
export async function readHistory({ state, since, preset, cursor }: Filter = filter.peek()): Promise<void> {
  const turn = ++latest
  clearTimeout(waiting)
  const before = shownHistory()
  try {
    const listing = await request<Listing>('images', {
      query: { state, since, preset, cursor, limit: pageSize },
    })
    if (turn !== latest) return
    nextCursor.value = listing.next
    setHistory(listing.images, before)
    historyState.value = 'loaded'
  } catch (error) {
    if (turn === latest) historyState.value = error as Refusal
  }
}

/** Reads what may have changed while no events came: the shown page, and the images of this tab that have not ended. */
export async function catchUp(): Promise<void> {
  if (!mayRead()) return
  await readHistory()
  const open = new Set(unfinishedIds())
  const oldest = Math.min(...[...open].map(timeOf))
  let cursor: string | undefined
  while (open.size > 0) {
    const listing = await request<Listing>('images', { query: { cursor, limit: maxListed } })
    for (const image of listing.images) if (open.delete(image.id)) update(image, 0)
    const last = listing.images.at(-1)
    if (listing.next === undefined || !last || timeOf(last.id) < oldest) return
    cursor = listing.next
  }
}

/** The ids of images begin with their time (RFC 9562, version 7). */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 13).replace('-', ''), 16)
}

let waiting: ReturnType<typeof setTimeout> | undefined

/** Reads the history as soon as the stream of events is open. An earlier read would have to be repeated then. */
export function readWhenConnected(): void {
  clearTimeout(waiting)
  waiting = setTimeout(() => void readHistory(), isLive.peek() ? 0 : maxWaitMs)
}

/** Reads the history when another part of it is chosen. */
export function watchFilter(): void {
  const first = filter.peek()
  effect(() => {
    if (filter.value === first || !mayRead()) return
    historyState.value = 'loading' // it is not known yet whether there are images
    void readHistory(filter.value)
  })
}

function mayRead(): boolean {
  const { state } = session.peek()
  return state === 'signed-in' || state === 'open'
}
