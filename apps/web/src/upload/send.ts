import type { ImageStatus } from '@darkroom/contracts'
import { urlOf } from '../api/base.ts'
import { offline, parseResponse, refusalFrom } from '../api/refusal.ts'
import { onUnauthorized } from '../api/request.ts'
import type { Row } from '../images/row.ts'
import { readWhole } from './expect-readable.ts'

export interface Sending {
  /** Rejects with a Refusal. */
  accepted: Promise<ImageStatus>
  abort(): void
}

/** Sends a file in one request. Only XMLHttpRequest reports how much of a body was sent over HTTP/1.1. */
export function send({ file, options, idempotencyKey }: Row, onProgress: (share: number) => void): Sending {
  if (!file) throw new Error('a row without a file cannot be sent')
  const xhr = new XMLHttpRequest()
  const cancelled = new AbortController()
  const accepted = readWhole(file).then(bytes => {
    cancelled.signal.throwIfAborted()
    return new Promise<ImageStatus>((resolve, reject) => {
      xhr.open('POST', urlOf('images', { ...options }))
      xhr.setRequestHeader('idempotency-key', idempotencyKey)
      xhr.setRequestHeader('content-type', 'application/octet-stream')
      xhr.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 1)
      xhr.onload = () => {
        if (xhr.status === 401) onUnauthorized.call()
        if (xhr.status !== 200 && xhr.status !== 202)
          return reject(refusalFrom(xhr.status, xhr.responseText, xhr.getResponseHeader('retry-after')))
        try {
          resolve(parseResponse(xhr.responseText))
        } catch (error) {
          reject(error)
        }
      }
      xhr.onerror = () => reject(offline())
      xhr.onabort = () => reject(new DOMException('cancelled', 'AbortError'))
      xhr.send(bytes)
    })
  })
  return {
    accepted,
    abort: () => {
      cancelled.abort()
      xhr.abort()
    },
  }
}
