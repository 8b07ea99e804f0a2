import assert from 'node:assert/strict'
import type { Task } from '@darkroom/contracts'
import type { HttpResponse } from '@darkroom/testing'

export function taskOf(response: HttpResponse): Task {
  assert.equal(response.status, 202, String(response.body))
  return response.json() as unknown as Task
}

export async function* chunksOf(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
