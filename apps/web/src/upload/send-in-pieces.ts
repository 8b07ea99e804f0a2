import type { ImageStatus } from '@darkroom/contracts'
import type { DetailedError, Upload } from 'tus-js-client'
import { urlOf } from '../api/base.ts'
import { notLoaded, offline, Refusal, refusalFrom } from '../api/refusal.ts'
import { onUnauthorized, request } from '../api/request.ts'
import type { Row } from '../images/row.ts'
import { hidden } from '../images/store.ts'
import { expectReadable } from './expect-readable.ts'
import { forgetPending, rememberPending } from './pending.ts'
import type { Sending } from './send.ts'
import { thisTab } from './this-tab.ts'

/** Files above this size are sent in pieces of this size, and continue where they stopped. */
const pieceBytes = 8 * 1024 * 1024

interface Begun {
  url: string
  /** How much of the file the server has. */
  share: number
}

const begun = new WeakMap<Row, Begun>()

/** Sets where an upload of an earlier visit continues. */
export function continueAt(row: Row, upload: Begun): void {
  begun.set(row, upload)
}

/** The next attempt is another upload. */
export function startOver(row: Row): void {
  begun.delete(row)
}

/** How much of a file the server has; this part is not sent again. */
export function keptShare(row: Row): number | undefined {
  return begun.get(row)?.share
}

/** The id of an upload that the server has begun. */
export function uploadIdOf(row: Row): string | undefined {
  return begun.get(row)?.url.split('/').pop()
}

export function goesInPieces({ bytes }: Row): boolean {
  return bytes > pieceBytes
}

/** From now on the upload survives a reload, even while it is queued. */
export async function rememberRow(row: Row): Promise<void> {
  const { key, file, options } = row
  const { url: uploadUrl, share } = begun.get(row) ?? {}
  if (file) await rememberPending({ key, tab: thisTab, file, options, uploadUrl, share })
}

/** Sends a file with tus 1.0. Bytes that the server has received are not sent again, not even after a reload. */
export function sendInPieces(row: Row, onProgress: (share: number) => void): Sending {
  let upload: Upload | undefined
  const cancelled = new AbortController()
  const accepted = (async () => {
    const { file, options = {} } = row
    if (!file) throw new Error('a row without a file cannot be sent')
    await expectReadable(file)
    await rememberRow(row)
    const { Upload } = await import('tus-js-client').catch(() => {
      throw notLoaded()
    })
    const keep = (share: number) => {
      if (!upload?.url) return
      begun.set(row, { url: upload.url, share: Math.max(share, keptShare(row) ?? 0) })
      if (!hidden.peek().has(row)) void rememberRow(row)
    }
    const url = await new Promise<string>((resolve, reject) => {
      cancelled.signal.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')))
      const known = begun.get(row)?.url
      upload = new Upload(file, {
        // A known upload has no endpoint: otherwise, tus-js-client would begin a new upload when the server is only busy.
        ...(known === undefined ? { endpoint: urlOf('uploads') } : { uploadUrl: known }),
        chunkSize: pieceBytes,
        retryDelays: null, // the queue retries
        storeFingerprintForResuming: false,
        metadata: given({ ...options, filename: file.name }),
        onProgress: (sent, total) => onProgress(sent / total),
        onUploadUrlAvailable: () => keep(0),
        onChunkComplete: (_, kept, total) => keep(kept / total),
        onSuccess: () => resolve(upload?.url ?? ''),
        onError: error => reject(asRefusal(error, () => startOver(row))),
      })
      upload.start()
    })
    const id = url.split('/').pop() ?? ''
    return await request<ImageStatus>(`images/${id}`)
  })()
  void accepted.then(
    () => forgetPending(row.key),
    error => (isOver(error) ? forgetPending(row.key) : undefined),
  )
  return {
    accepted,
    abort: () => {
      cancelled.abort()
      void upload?.abort(true).catch(() => undefined) // the received pieces expire by themselves
    },
  }
}

/** Whether the upload is not retried. */
function isOver(error: unknown): boolean {
  return !(error instanceof Refusal) || !(error.isTemporary || error.status === 401)
}

function asRefusal(error: Error | DetailedError, onGone: () => void): Refusal {
  const response = 'originalResponse' in error ? error.originalResponse : undefined
  const status = response?.getStatus() ?? 0
  if (!response || status === 0) return offline()
  if (status === 401) onUnauthorized.call()
  const isGone = status === 404 || status === 410
  if (isGone) onGone()
  const refusal = refusalFrom(status, response.getBody(), response.getHeader('retry-after') ?? null)
  // The upload has expired, or another request writes to it. The file is not the cause.
  if (!isGone && status !== 409 && status !== 423) return refusal
  const message = isGone ? 'The part that was uploaded has expired' : refusal.message
  return new Refusal({ ...refusal, message, status: 503, remedy: 'The page tries again automatically.' })
}

function given(metadata: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
