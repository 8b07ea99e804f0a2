import assert from 'node:assert/strict'
import type { Task } from '@darkroom/contracts'
import type { HttpAnswer } from '@darkroom/testing'

export function assertRefused(answer: HttpAnswer, status: number, code: string): void {
  assert.equal(answer.status, status, String(answer.body))
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(answer.json().type, `urn:darkroom:problem:${code}`)
  assert.equal(answer.json().status, status)
}

export function taskOf(answer: HttpAnswer): Task {
  assert.equal(answer.status, 202, String(answer.body))
  return answer.json() as unknown as Task
}

export async function* chunksOf(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
