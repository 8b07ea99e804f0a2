import type { LastHour } from '@darkroom/contracts'
import { percentilesOf } from './duration-buckets.ts'
import type { MinuteCount } from './engine/engine.ts'

export const minuteMs = 60_000
export const minutesOfHour = 60

type Duration = keyof LastHour['milliseconds']

/** Adds up the counts that `Outcomes` stored, over the hour that begins with the minute `first`. */
export function lastHourOf(counts: readonly MinuteCount[], first: number): LastHour {
  const perMinute = Array.from({ length: minutesOfHour }, (_, index) => ({
    at: new Date((first + index) * minuteMs).toISOString(),
    finished: 0,
    failed: 0,
  }))
  const failures = new Map<string, number>()
  const durations: Record<Duration, Map<number, number>> = {
    waiting: new Map(),
    developing: new Map(),
    total: new Map(),
  }
  for (const { minute, name, count } of counts) {
    const [kind = '', detail = ''] = name.split(' ')
    const entry = perMinute[minute - first]
    if (entry && (kind === 'finished' || kind === 'failed')) entry[kind] += count
    else if (kind === 'failure') addTo(failures, detail, count)
    else if (Object.hasOwn(durations, kind)) addTo(durations[kind as Duration], Number(detail), count)
  }
  const sum = (of: 'finished' | 'failed') => perMinute.reduce((total, entry) => total + entry[of], 0)
  return {
    finished: sum('finished'),
    failed: sum('failed'),
    perMinute,
    milliseconds: {
      waiting: percentilesOf(durations.waiting),
      developing: percentilesOf(durations.developing),
      total: percentilesOf(durations.total),
    },
    failures: mostFrequentFirst(failures),
  }
}

function mostFrequentFirst(failures: ReadonlyMap<string, number>): LastHour['failures'] {
  return [...failures]
    .map(([type, count]) => ({ type, count }))
    .sort((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1))
}

function addTo<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}
