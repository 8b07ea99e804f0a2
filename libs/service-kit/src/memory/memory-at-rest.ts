import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { collectGarbage } from './collect-garbage.ts'

const lookEveryMs = 3000
/** A thread that is busy for less than this share of the time is at rest. */
const restingShare = 0.05
/** The least garbage for which a collection is worthwhile: it takes about a tenth of a second. */
const worthwhileBytes = 8 * 1024 * 1024

/**
 * Frees memory while this thread has nothing to do. V8 collects garbage only when more memory is needed, so the
 * garbage of the start, or of the last burst of work, would otherwise stay.
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

/** The machine's memory that the heap occupies, garbage included. */
function heapBytes(): number {
  return getHeapStatistics().total_physical_size
}
