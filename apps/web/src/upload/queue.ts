import type { ImageStatus } from '@darkroom/contracts'
import { effect, signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import type { Row, RowView } from '../images/row.ts'
import { addUploads, becomeImage, hidden, setView } from '../images/store.ts'
import { readPresets } from '../recipe/presets.ts'
import { uploadOptionsFor } from '../recipe/upload-options.ts'
import { session } from '../session/session.ts'
import { forgetPending } from './pending.ts'
import { type Sending, send } from './send.ts'
import { goesInPieces, keptShare, sendInPieces, startOver } from './send-in-pieces.ts'

/** A browser opens six connections to a server. One is for events, and the page needs some to show pictures. */
const parallel = 3
const maxBackoffMs = 15_000
/** How often a browser reports the progress of an upload (XMLHttpRequest, "request body chunk steps"). */
const progressMs = 50
/** An upload is given up after this many server errors without an explanation. */
const maxUnexplained = 3
const recipeFaults: ReadonlySet<string> = new Set(['invalid-operations', 'invalid-preset'])

/** How long the reason for a pause is shown during a retry: usually, the response comes sooner. */
const answerMs = 1000

/** The reason why nothing is sent at the moment, and until when; 0 during a retry. */
export const pause = signal<{ refusal: Refusal; until: number } | undefined>(undefined)
/** Whether files are collected until the user sends them. */
export const isHeld = signal(false)

/** In the order of sending. */
let waiting = new Set<Row>()
const sending = new Map<Row, Sending>()
const cancelled = new WeakSet<Row>()
/** How many unexplained server errors in a row an upload has got. */
const serverErrors = new WeakMap<Row, number>()
/** Whether a request with the file was sent. */
const wasSent = new WeakSet<Row>()
let backoffMs = 500
let timer: ReturnType<typeof setTimeout> | undefined

export function enqueue(rows: readonly Row[]): void {
  addUploads(rows)
  for (const row of rows) waiting.add(row)
  startNext()
}

/** Sends a refused file again; with the current recipe if the recipe was the reason. */
export function sendAgain(row: Row): void {
  const view = row.view.peek()
  if (view.state !== 'refused') return // a second click
  if (recipeFaults.has(view.refusal.code)) {
    row.options = undefined
    startOver(row)
  }
  setView(row, inLine(row))
  waiting.add(row)
  startNext()
}

/**
 * Cancels an upload. If all of its bytes were sent, the server may have an image already: then the response is awaited, and
 * the promise resolves with that image.
 */
export async function cancelUpload(row: Row): Promise<ImageStatus | undefined> {
  if (goesInPieces(row)) void forgetPending(row.key)
  waiting.delete(row)
  const upload = sending.get(row)
  if (!upload) return undefined
  cancelled.add(row)
  if (!isUnanswered(row)) upload.abort()
  return upload.accepted.catch(() => undefined)
}

export function cancelAll(): void {
  for (const row of [...waiting, ...sending.keys()]) void cancelUpload(row)
}

/** Resolves when every upload whose bytes have all been sent by now has its response. */
export async function responsesArrived(): Promise<void> {
  if (sending.size === 0) return
  await new Promise(resolve => setTimeout(resolve, 2 * progressMs))
  const unanswered = [...sending].filter(([row]) => isUnanswered(row))
  if (unanswered.length > 0) await Promise.allSettled(unanswered.map(([, { accepted }]) => accepted))
}

/** Whether the server may have an image of a file, although no response has arrived. */
export function mayHaveArrived(row: Row): boolean {
  const { state } = row.view.peek()
  return wasSent.has(row) && (state === 'uploading' || state === 'waiting')
}

function isUnanswered(row: Row): boolean {
  const view = row.view.peek()
  return view.state === 'uploading' && view.share === 1
}

function hasUnsent(): boolean {
  return nextWanted() !== undefined || sending.size > 0
}

function startNext(): void {
  while (sending.size < parallel && !pause.peek()?.until && !isHeld.peek()) {
    const row = nextWanted()
    if (!row) return
    waiting.delete(row)
    if (row.file) row.options ??= uploadOptionsFor(row.file)
    void start(row)
  }
}

/** A deleted file waits until its deletion can no longer be undone. */
function nextWanted(): Row | undefined {
  for (const row of waiting) if (!hidden.peek().has(row)) return row
}

async function start(row: Row): Promise<void> {
  setView(row, { state: 'uploading', share: keptShare(row) ?? 0 })
  const way = goesInPieces(row) ? sendInPieces : send
  const upload = way(row, share => {
    if (sending.has(row)) setView(row, { state: 'uploading', share })
  })
  sending.set(row, upload)
  wasSent.add(row)
  try {
    const image = await upload.accepted
    backoffMs = 500
    if (!cancelled.has(row)) becomeImage(row, image)
  } catch (error) {
    if (cancelled.has(row)) return
    if (!(error instanceof Refusal)) throw error
    onRefused(row, error)
  } finally {
    sending.delete(row)
    endPause()
    startNext()
  }
}

function inLine(row: Row): RowView {
  return { state: 'waiting', share: keptShare(row) }
}

function onRefused(row: Row, refusal: Refusal): void {
  const needsKey = refusal.status === 401
  const errors = refusal.status === 500 ? (serverErrors.get(row) ?? 0) + 1 : 0
  serverErrors.set(row, errors)
  if (!needsKey && (!refusal.isTemporary || errors >= maxUnexplained)) {
    setView(row, { state: 'refused', refusal })
    if (refusal.code === 'invalid-preset') void readPresets()
    return
  }
  setView(row, inLine(row))
  waiting = new Set([row, ...waiting])
  const ownMs = backoffMs * (0.75 + Math.random() / 2)
  pauseFor(refusal, needsKey ? Number.POSITIVE_INFINITY : (refusal.retryAfterMs ?? ownMs))
  backoffMs = Math.min(backoffMs * 2, maxBackoffMs)
}

function pauseFor(refusal: Refusal, ms: number): void {
  const until = Math.max(Date.now() + ms, pause.peek()?.until ?? 0)
  pause.value = { refusal, until }
  clearTimeout(timer)
  if (Number.isFinite(until)) timer = setTimeout(resume, until - Date.now())
}

/** Continues at once. The reason stays until the response: if it is the same, nothing on the page moves. */
export function resume(): void {
  clearTimeout(timer)
  const { refusal } = pause.peek() ?? {}
  pause.value = refusal && { refusal, until: 0 }
  startNext()
  if (sending.size === 0 || refusal?.status === 401) endPause()
  else timer = setTimeout(endPause, answerMs)
}

function endPause(): void {
  if (pause.peek()?.until === 0) pause.value = undefined
}

addEventListener('online', () => pause.peek()?.refusal.status === 0 && resume())

/** Not at once: an upload may also be refused although the session is valid. */
effect(() => {
  const { state } = session.value
  if ((state !== 'signed-in' && state !== 'open') || pause.peek()?.refusal.status !== 401) return
  clearTimeout(timer)
  timer = setTimeout(resume, backoffMs)
})

effect(() => {
  hidden.value // a deletion may have been undone
  if (!isHeld.value) startNext()
})

/** While files wait here, leaving the page must be confirmed. */
addEventListener('beforeunload', event => hasUnsent() && event.preventDefault())
