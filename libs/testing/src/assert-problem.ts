import assert from 'node:assert/strict'
import type { HttpResponse } from './http-request.ts'

export interface InjectedResponse {
  statusCode: number
  headers: Record<string, unknown>
  json(): unknown
}

/**
 * Asserts that a response of `app.inject` or `httpRequest` is a complete problem document (RFC 9457) with this status
 * and code.
 */
export function assertProblem(
  response: HttpResponse | InjectedResponse,
  status: number,
  code: string,
  message = /./,
): void {
  const { detail, title, ...stable } = response.json() as Record<string, unknown>
  assert.deepEqual(stable, { type: `urn:darkroom:problem:${code}`, status }, String(detail))
  assert.equal('status' in response ? response.status : response.statusCode, status)
  assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
  assert.ok(title)
  assert.match(String(detail ?? ''), message)
}
