import { urlOf } from './base.ts'
import { offline, refusalFrom } from './refusal.ts'

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  query?: Readonly<Record<string, string | number | undefined>>
  headers?: Record<string, string>
  json?: unknown
  body?: Blob
  signal?: AbortSignal
  /** The request outlives the page. */
  keepalive?: boolean
}

/** Called when an answer requires a key. */
export const onUnauthorized = { call: () => {} }

/** Sends a request and reads the JSON of the answer. @throws Refusal */
export async function request<Answer = void>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', query, headers = {}, json, body, signal, keepalive } = options
  const init: RequestInit = { method, headers: { accept: 'application/json', ...headers } }
  if (json !== undefined) {
    init.body = JSON.stringify(json)
    init.headers = { ...init.headers, 'content-type': 'application/json' }
  } else if (body) init.body = body
  if (signal) init.signal = signal
  if (keepalive) init.keepalive = true
  const response = await fetch(urlOf(path, query), init).catch(error => {
    if (signal?.aborted) throw error
    throw offline()
  })
  const text = await response.text()
  if (!response.ok) {
    if (response.status === 401) onUnauthorized.call()
    throw refusalFrom(response.status, text, response.headers.get('retry-after'))
  }
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}
