import type { ImageStatus } from '@darkroom/contracts'
import type { DetailedError, Upload } from 'tus-js-client'
import { urlOf } from '../api/base.ts'
import { offline, Refusal, refusalFrom } from '../api/refusal.ts'
import { onUnauthorized, request } from '../api/request.ts'
import type { Row } from '../images/row.ts'
import { forgetPending, rememberPending } from './pending.ts'
import type { Sending } from './send.ts'
import { thisTab } from './this-tab.ts'

/** Files above this size are sent in pieces of this size, and continue where they stopped. */
const pieceBytes = 8 * 1024 * 1024

const uploadUrls = new WeakMap<Row, string>()

/** Sets the URL at which an upload of an earlier visit continues. */
export function continueAt(row: Row, uploadUrl: string): void {
  uploadUrls.set(row, uploadUrl)
}

/** The next attempt is another upload. */
export function beginAnew(row: Row): void {
  uploadUrls.delete(row)
}

export function goesInPieces({ bytes }: Row): boolean {
  return bytes > pieceBytes
}

/** From now on the upload survives a reload, even while it is queued. */
export async function rememberRow(row: Row): Promise<void> {
  const { key, file, wish } = row
  if (file) await rememberPending({ key, tab: thisTab, file, wish, uploadUrl: uploadUrls.get(row) })
}

/** Sends a file by tus 1.0. Bytes that the server has received are not sent again, not even after a reload. */
export function sendInPieces(row: Row, onProgress: (share: number) => void): Sending {
  let upload: Upload | undefined
  const cancelled = new AbortController()
  const accepted = (async () => {
    const { file, wish = {} } = row
    if (!file) throw new Error('a row without a file can not be sent')
    await expectReadable(file)
    await rememberRow(row)
    const { Upload } = await import('tus-js-client')
    const url = await new Promise<string>((resolve, reject) => {
      cancelled.signal.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')))
      const known = uploadUrls.get(row)
      upload = new Upload(file, {
        // A known upload has no endpoint, as tus-js-client would begin a new upload when the server is only busy.
        ...(known === undefined ? { endpoint: urlOf('uploads') } : { uploadUrl: known }),
        chunkSize: pieceBytes,
        retryDelays: null, // the queue tries again
        storeFingerprintForResuming: false,
        metadata: given({ ...wish, filename: file.name }),
        onProgress: (sent, total) => onProgress(sent / total),
        onUploadUrlAvailable: () => {
          if (!upload?.url) return
          uploadUrls.set(row, upload.url)
          void rememberRow(row)
        },
        onSuccess: () => resolve(upload?.url ?? ''),
        onError: error => reject(asRefusal(error, () => beginAnew(row))),
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
      void upload?.abort(true).catch(() => undefined) // what was received expires by itself
    },
  }
}

/** Whether the upload is not retried. */
function isOver(error: unknown): boolean {
  return !(error instanceof Refusal) || !(error.isTemporary || error.status === 401)
}

async function expectReadable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer()
  } catch {
    throw new Refusal({
      status: 410,
      code: 'file-gone',
      message: 'The file was changed or moved since it was chosen',
      remedy: 'Choose it again.',
    })
  }
}

function asRefusal(error: Error | DetailedError, onGone: () => void): Refusal {
  const response = 'originalResponse' in error ? error.originalResponse : undefined
  const status = response?.getStatus() ?? 0
  if (!response || status === 0) return offline()
  if (status === 401) onUnauthorized.call()
  if (status === 404 || status === 410) onGone()
  const refusal = refusalFrom(status, response.getBody(), response.getHeader('retry-after') ?? null)
  // The upload has expired, or another request writes to it. The file is not the cause.
  const isPassing = status === 404 || status === 409 || status === 410 || status === 423
  return isPassing ? new Refusal({ ...refusal, message: refusal.message, status: 503 }) : refusal
}

function given(metadata: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
