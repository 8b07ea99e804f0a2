import assert from 'node:assert/strict'
import { type HttpResponse, httpRequest } from '@darkroom/testing'

type Headers = Record<string, string>

/** Uploads bytes; the response may be a refusal. */
export function post(url: string, body: Uint8Array, headers: Headers = {}): Promise<HttpResponse> {
  return httpRequest(url, '/images', { method: 'POST', body, headers })
}

/** Uploads an image, which must be accepted; returns its id. */
export async function upload(url: string, image: Uint8Array, headers: Headers = {}): Promise<string> {
  const response = await post(url, image, headers)
  assert.equal(response.status, 202, response.body.toString())
  return String(response.json().id)
}

/** Uploads an image and waits for its end; returns the status document. */
export async function develop(
  url: string,
  image: Uint8Array,
  headers: Headers = {},
): Promise<Record<string, unknown>> {
  const response = await post(url, image, { prefer: 'wait=50', ...headers })
  assert.equal(response.status, 200, response.body.toString())
  return response.json()
}
