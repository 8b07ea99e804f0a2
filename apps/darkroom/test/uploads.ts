import assert from 'node:assert/strict'
import { type HttpAnswer, httpRequest } from '@darkroom/testing'

type Headers = Record<string, string>

/** Uploads bytes; the response may be a refusal. */
export function post(url: string, body: Uint8Array, headers: Headers = {}): Promise<HttpAnswer> {
  return httpRequest(url, '/images', { method: 'POST', body, headers })
}

/** Uploads an image, which must be accepted; returns its id. */
export async function upload(url: string, image: Uint8Array, headers: Headers = {}): Promise<string> {
  const answer = await post(url, image, headers)
  assert.equal(answer.status, 202, answer.body.toString())
  return String(answer.json().id)
}

/** Uploads an image and waits for its end; returns the status document. */
export async function develop(
  url: string,
  image: Uint8Array,
  headers: Headers = {},
): Promise<Record<string, unknown>> {
  const answer = await post(url, image, { prefer: 'wait=50', ...headers })
  assert.equal(answer.status, 200, answer.body.toString())
  return answer.json()
}
