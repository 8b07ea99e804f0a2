import assert from 'node:assert/strict'

export interface InjectedAnswer {
  statusCode: number
  headers: Record<string, unknown>
  json(): unknown
}

/** Asserts that an answer of `app.inject` is a complete problem document (RFC 9457) with this status and code. */
export function assertProblem(answer: InjectedAnswer, status: number, code: string): void {
  const { detail, title, ...stable } = answer.json() as Record<string, unknown>
  assert.deepEqual(stable, { type: `urn:darkroom:problem:${code}`, status })
  assert.equal(answer.statusCode, status)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  assert.ok(title)
  assert.ok(detail)
}
