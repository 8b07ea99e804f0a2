import { getHeapStatistics } from 'node:v8'
import { parentPort } from 'node:worker_threads'
import { collectGarbage } from '../../src/memory/collect-garbage.ts'
import { releaseMemoryAtRest } from '../../src/memory/memory-at-rest.ts'

/** A thread that fills its heap, sends how large the heap is then, and rests. */
const objects = Array.from({ length: 1_000_000 }, (_, n) => ({ n, half: n / 2 }))
parentPort?.on('message', () => undefined) // keeps the thread alive
collectGarbage({ type: 'major', execution: 'sync' }) // or V8 may be about to collect by itself
parentPort?.postMessage(getHeapStatistics().total_physical_size)
objects.length = 0
releaseMemoryAtRest()
