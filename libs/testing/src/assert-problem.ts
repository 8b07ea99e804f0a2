import assert from 'node:assert/strict'
import type { HttpAnswer } from './http-request.ts'

export interface InjectedAnswer {
  statusCode: number
  headers: Record<string, unknown>
  json(): unknown
}

/**
 * Asserts that a response of `app.inject` or `httpRequest` is a complete problem document (RFC 9457) with this status
 * and code.
 */
export function assertProblem(
  answer: HttpAnswer | InjectedAnswer,
  status: number,
  code: string,
  message = /./,
): void {
  const { detail, title, ...stable } = answer.json() as Record<string, unknown>
  assert.deepEqual(stable, { type: `urn:darkroom:problem:${code}`, status }, String(detail))
  assert.equal('status' in answer ? answer.status : answer.statusCode, status)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  assert.ok(title)
  assert.match(String(detail ?? ''), message)
}
