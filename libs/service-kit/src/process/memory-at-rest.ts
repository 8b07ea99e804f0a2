import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { collectGarbage } from './collect-garbage.ts'

const lookEveryMs = 3000
/** Of that time; a thread that works less is at rest. */
const restingShare = 0.05
/** What a collection has to bring: it takes about a tenth of a second. */
const worthwhileBytes = 8 * 1024 * 1024

/**
 * Gives memory back while this thread has nothing to do. V8 collects when more memory is asked for: what the start, or
 * the last burst of work, left behind would lie there for as long as nothing happens.
 */
export function releaseMemoryAtRest(): void {
  let before = performance.eventLoopUtilization()
  let leftBytes = 0
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    if (utilization > restingShare || heapBytes() - leftBytes < worthwhileBytes) return
    collectGarbage({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    leftBytes = heapBytes()
    before = performance.eventLoopUtilization()
  }, lookEveryMs).unref()
}

/** What the heap takes of the machine's memory, garbage included. */
function heapBytes(): number {
  return getHeapStatistics().total_physical_size
}
