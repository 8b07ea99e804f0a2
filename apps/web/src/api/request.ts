import { urlOf } from './base.ts'
import { offline, parseResponse, refusalFrom } from './refusal.ts'
import { setServerClock } from './server-clock.ts'

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  query?: Readonly<Record<string, string | number | undefined>>
  headers?: Record<string, string>
  json?: unknown
  body?: Blob
  /** The request outlives the page. */
  keepalive?: boolean
  /** The caller itself handles that a key is required. */
  mayLackKey?: boolean
}

/** Called when a response requires a key. */
export const onUnauthorized = { call: () => {} }

/** How long a response without bytes of images may take, unless it waits for an image. */
const maxWaitMs = 30_000

/** Sends a request and reads the JSON of the response. @throws Refusal */
export async function request<Result = void>(path: string, options: RequestOptions = {}): Promise<Result> {
  const { method = 'GET', query, headers = {}, json, body, keepalive, mayLackKey } = options
  const init: RequestInit = { method, headers: { accept: 'application/json', ...headers } }
  if (json !== undefined) {
    init.body = JSON.stringify(json)
    init.headers = { ...init.headers, 'content-type': 'application/json' }
  } else if (body) init.body = body
  if (keepalive) init.keepalive = true
  if (method === 'GET') init.signal = AbortSignal.timeout(maxWaitMs)
  const text = await answerTo(urlOf(path, query), init, response => response.text(), mayLackKey)
  return text === '' ? (undefined as Result) : parseResponse(text)
}

/** Reads the bytes of an image. @throws Refusal */
export function requestBytes(path: string): Promise<Blob> {
  return answerTo(urlOf(path), {}, response => response.blob())
}

/** The connection can end before the response, or in the middle of its body. */
async function answerTo<Body>(
  url: string,
  init: RequestInit,
  read: (response: Response) => Promise<Body>,
  mayLackKey = false,
): Promise<Body> {
  const [response, body] = await fetch(url, init)
    .then(async response => [response, await (response.ok ? read(response) : response.text())] as const)
    .catch(() => {
      throw offline()
    })
  setServerClock(response.headers.get('date'))
  if (response.ok) return body as Body
  if (response.status === 401 && !mayLackKey) onUnauthorized.call()
  throw refusalFrom(response.status, String(body), response.headers.get('retry-after'))
}
