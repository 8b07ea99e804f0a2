import assert from 'node:assert/strict'
import { problemType } from '@darkroom/contracts'
import type { HttpAnswer } from '@darkroom/testing'

export function assertProblem(answer: HttpAnswer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.json().type], [status, problemType(code)], String(answer.body))
  assert.equal(answer.headers['content-type'], 'application/problem+json')
}
