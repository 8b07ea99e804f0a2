import { effect, signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import type { Row } from '../images/row.ts'
import { addUploads, becomeImage, setView } from '../images/store.ts'
import { wishFor } from '../recipe/wish.ts'
import { session } from '../session/session.ts'
import { forgetPending } from './pending.ts'
import { type Sending, send } from './send.ts'
import { goesInPieces, sendInPieces } from './send-in-pieces.ts'

/** A browser opens six connections to a server. One is for events, and the page needs some to show pictures. */
const parallel = 3
const maxBackoffMs = 15_000
/** How often an upload is retried after a server error without an explanation. */
const maxUnexplained = 3

/** The reason why nothing is sent at the moment, and until when. */
export const pause = signal<{ refusal: Refusal; until: number } | undefined>(undefined)
/** Whether files are collected until the user sends them. */
export const isHeld = signal(false)

let waiting: Row[] = []
const sending = new Map<Row, Sending>()
const attempts = new WeakMap<Row, number>()
let backoffMs = 500
let timer: ReturnType<typeof setTimeout> | undefined

export function enqueue(rows: readonly Row[]): void {
  addUploads(rows)
  waiting.push(...rows)
  startNext()
}

export function sendAgain(row: Row): void {
  if (row.view.peek().state !== 'refused') return // a second click
  setView(row, { state: 'waiting' })
  waiting.push(row)
  startNext()
}

export function cancelUpload(row: Row): void {
  void forgetPending(row.key)
  waiting = waiting.filter(each => each !== row)
  sending.get(row)?.abort()
}

export function cancelAll(): void {
  for (const row of [...waiting, ...sending.keys()]) cancelUpload(row)
}

export function hasUnsent(): boolean {
  return waiting.length > 0 || sending.size > 0
}

function startNext(): void {
  while (sending.size < parallel && !pause.peek() && !isHeld.peek()) {
    const row = waiting.shift()
    if (!row) return
    if (row.file) row.wish ??= wishFor(row.file)
    void start(row)
  }
}

async function start(row: Row): Promise<void> {
  setView(row, { state: 'uploading', share: 0 })
  const way = goesInPieces(row) ? sendInPieces : send
  const upload = way(row, share => {
    if (sending.has(row)) setView(row, { state: 'uploading', share })
  })
  sending.set(row, upload)
  try {
    const image = await upload.accepted
    backoffMs = 500
    becomeImage(row, image)
  } catch (error) {
    if (error instanceof Refusal) onRefused(row, error)
  } finally {
    sending.delete(row)
    startNext()
  }
}

function onRefused(row: Row, refusal: Refusal): void {
  const needsKey = refusal.status === 401
  const failures = refusal.status === 500 ? (attempts.get(row) ?? 0) + 1 : 0
  attempts.set(row, failures)
  if (!needsKey && (!refusal.isTemporary || failures >= maxUnexplained)) {
    setView(row, { state: 'refused', refusal })
    return
  }
  setView(row, { state: 'waiting' })
  waiting.unshift(row)
  if (needsKey) {
    pauseFor(refusal, Number.POSITIVE_INFINITY)
    return
  }
  pauseFor(refusal, refusal.retryAfterMs ?? backoffMs * (0.75 + Math.random() / 2))
  backoffMs = Math.min(backoffMs * 2, maxBackoffMs)
}

function pauseFor(refusal: Refusal, ms: number): void {
  const until = Math.max(Date.now() + ms, pause.peek()?.until ?? 0)
  pause.value = { refusal, until }
  clearTimeout(timer)
  if (Number.isFinite(until)) timer = setTimeout(resume, until - Date.now())
}

/** Continues at once. */
export function resume(): void {
  clearTimeout(timer)
  pause.value = undefined
  startNext()
}

addEventListener('online', () => pause.peek()?.refusal.status === 0 && resume())

effect(() => {
  const { state } = session.value
  if ((state === 'signed-in' || state === 'open') && pause.peek()?.refusal.status === 401) resume()
})

effect(() => {
  if (!isHeld.value) startNext()
})

/** The browser asks before the page is left while files wait here. */
addEventListener('beforeunload', event => hasUnsent() && event.preventDefault())
