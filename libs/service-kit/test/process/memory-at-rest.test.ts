import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { until } from '@darkroom/testing'
import { releaseMemoryAtRest } from '../../src/process/memory-at-rest.ts'

test('a thread at rest returns the memory of its garbage to the system', async () => {
  const heapBytes = () => getHeapStatistics().total_physical_size
  const objects = Array.from({ length: 1_000_000 }, (_, n) => ({ n, half: n / 2 }))
  const full = heapBytes()
  const garbageBytes = 40 * 1024 * 1024
  assert.ok(full > garbageBytes)
  objects.length = 0
  releaseMemoryAtRest()
  await until('the heap has shrunk', () => heapBytes() < full - garbageBytes)
})
