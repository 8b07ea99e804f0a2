import { imageCounters, type LastHour, type Task } from '@darkroom/contracts'
import { type Logger, repeat, type Tally } from '@darkroom/service-kit'
import { bucketOf } from './duration-buckets.ts'
import type { MinuteCount, TaskStore } from './engine/engine.ts'
import { lastHourOf, minuteMs, minutesOfHour } from './last-hour.ts'

const flushMs = 1000

interface OutcomesOptions {
  store: Pick<TaskStore, 'addCounts' | 'listCounts'>
  tally: Pick<Tally, 'add'>
  logger: Logger
  /** In milliseconds since 1970. */
  now?: () => number
}

/**
 * Counts the outcomes of tasks: for cluster-state, and by the minute in the store, which adds up the counts of all
 * copies of the service. Counts are stored once a second; a killed process loses the counts of its last second.
 */
export class Outcomes {
  readonly #options: OutcomesOptions
  readonly #now: () => number
  readonly #closing = new AbortController()
  readonly #flushing: Promise<void>
  /** By minute and name. */
  #unstored = new Map<string, MinuteCount>()
  #isStored = true

  constructor(options: OutcomesOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#flushing = repeat(flushMs, this.#closing.signal, () => this.flush())
  }

  /** Counts a task whose state has just changed, if it is finished or failed now. Neither state is reached twice. */
  add(task: Task): void {
    const { state, error, createdAt, retriedAt, startedAt, finishedAt } = task
    const { tally } = this.#options
    if (finishedAt === undefined || (state !== 'finished' && state !== 'failed')) return
    const ended = Date.parse(finishedAt)
    const minute = minuteOf(ended)
    this.#count(minute, state)
    if (state === 'failed') {
      tally.add(imageCounters.failed)
      this.#count(minute, `failure ${error?.type ?? 'unknown'}`)
      return
    }
    tally.add(imageCounters.finished)
    tally.add(imageCounters.bytesOut, bytesOut(task))
    const came = Date.parse(retriedAt ?? createdAt)
    const started = Date.parse(startedAt ?? finishedAt)
    const durations = { waiting: started - came, developing: ended - started, total: ended - came }
    for (const [name, ms] of Object.entries(durations)) this.#count(minute, `${name} ${bucketOf(ms)}`)
  }

  /** Stores the counts since the last flush. If that fails, they are stored with the next flush. */
  async flush(): Promise<void> {
    if (this.#unstored.size === 0) return
    const counts = this.#unstored
    this.#unstored = new Map()
    try {
      await this.#options.store.addCounts([...counts.values()], minuteOf(this.#now()) - 2 * minutesOfHour)
      this.#isStored = true
    } catch (error) {
      for (const { minute, name, count } of counts.values()) this.#count(minute, name, count)
      if (this.#isStored) this.#options.logger.warn({ err: error }, 'outcomes could not be counted; retrying')
      this.#isStored = false
    }
  }

  async lastHour(): Promise<LastHour> {
    await this.flush()
    const first = minuteOf(this.#now()) - minutesOfHour + 1
    return lastHourOf(await this.#options.store.listCounts(first), first)
  }

  /** Stores the last counts; the store must still be open. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#flushing
    await this.flush()
  }

  #count(minute: number, name: string, count = 1): void {
    const key = `${minute} ${name}`
    const known = this.#unstored.get(key)
    if (known) known.count += count
    else this.#unstored.set(key, { minute, name, count })
  }
}

function bytesOut({ result, variants = {} }: Task): number {
  const results = [result, ...Object.values(variants).map(variant => variant.result)]
  return results.reduce((sum, facts) => sum + (facts?.bytes ?? 0), 0)
}

function minuteOf(ms: number): number {
  return Math.floor(ms / minuteMs)
}
