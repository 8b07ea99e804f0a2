import { setTimeout as delay } from 'node:timers/promises'
import type { Work } from '@darkroom/contracts'
import { Backoff } from '@darkroom/service-kit/clients'
import { ReusableBuffer } from '../reusable-buffer.ts'
import { WriteRefused } from './deliver-results.ts'
import { developAndStore } from './develop-work.ts'
import { Mutex } from './mutex.ts'
import type { WorkEnd } from './protocol.ts'
import { reportTrouble, returnWork, untilStorageAnswers } from './report-trouble.ts'
import { usualRefusedWrites, type WorkLoopOptions } from './work-options.ts'
import { workRequest } from './work-request.ts'

const pollSeconds = 25
/**
 * The master answers a poll at once if it has work, so a poll that is open when draining begins may still bring some.
 */
const drainGraceMs = 500

/**
 * Work that has waited this long, because the thread develops a larger image, is returned: another thread may be idle.
 */
const longestWaitMs = 1000

/** Pulls, fetches, develops, stores and reports images, until `draining` is aborted. */
export function workUntilDrained(options: WorkLoopOptions): Promise<void> {
  return new WorkLoop(options).run()
}

/**
 * The work of a thread comes in series: the report of an image brings the next image. The thread develops one image at a
 * time. If more images wait, a second series begins while a small result is delivered, so that the thread is not idle.
 */
class WorkLoop {
  readonly #options: WorkLoopOptions
  #seriesCount = 0
  #seriesEnded = Promise.withResolvers<void>()
  /** Held while an image is developed. */
  readonly #developing = new Mutex()
  /** Each series has its own buffer, because results may share the memory of their originals. */
  readonly #originals: ReusableBuffer[] = []
  readonly #backoff = new Backoff(100, 2000)
  readonly #pauses: Backoff
  /** Before other work is requested while an image runs alone. */
  readonly #pausesBesideAlone = new Backoff(500, 5000)

  constructor(options: WorkLoopOptions) {
    const { refusedWrites = usualRefusedWrites } = options
    this.#options = options
    this.#pauses = new Backoff(refusedWrites.firstPauseMs, refusedWrites.longestPauseMs)
  }

  async run(): Promise<void> {
    const { draining } = this.#options
    const giveUpPolling = new AbortController()
    const endPolling = () => void delay(drainGraceMs).then(() => giveUpPolling.abort())
    draining.addEventListener('abort', endPolling, { once: true })
    while (!draining.aborted) {
      this.#seriesEnded = Promise.withResolvers()
      this.#beginSeries(this.#request(pollSeconds, giveUpPolling.signal))
      await this.#seriesEnded.promise
    }
  }

  #beginSeries(requested: Promise<Work | undefined>): void {
    this.#seriesCount += 1
    this.#workThrough(requested).then(() => {
      this.#seriesCount -= 1
      if (this.#seriesCount === 0) this.#seriesEnded.resolve()
    }, this.#seriesEnded.reject)
  }

  async #workThrough(requested: Promise<Work | undefined>): Promise<void> {
    const { draining } = this.#options
    const originals = this.#originals.pop() ?? new ReusableBuffer()
    let othersWait = false
    for (let work = await requested; work; othersWait = true) {
      const release = await this.#developing.acquire(longestWaitMs)
      if (!release) {
        await returnWork(work, this.#options)
        break
      }
      const isAlone = mustRunAlone(work)
      const threadIsFree = () => {
        if (isAlone) return // until its result is delivered
        release()
        if (othersWait && this.#seriesCount < 2 && !draining.aborted) this.#beginSeries(this.#request())
      }
      work = await this.#workOn(work, originals, threadIsFree).finally(release)
    }
    this.#originals.push(originals)
  }

  /**
   * Returns the next work, if the report of this work's end brought some. Calls `threadIsFree` if only a small result
   * remains to be delivered. Pauses after a refused write, and while another image runs alone.
   */
  async #workOn(work: Work, originals: ReusableBuffer, threadIsFree: () => void): Promise<Work | undefined> {
    const options = this.#options
    const { draining, logger, report } = options
    const lost = options.lostLease(work)
    report({ type: 'begun', work: { ...work, original: { bytes: work.original.bytes } } })
    let end: WorkEnd
    let next: Work | undefined
    let pauses: Backoff | undefined
    try {
      if (draining.aborted) end = await returnWork(work, options)
      else if (mustRunAlone(work) && !(await options.runAlone())) {
        pauses = this.#pausesBesideAlone
        end = await returnWork(work, options)
      } else ({ end, next } = await developAndStore(work, originals, lost, threadIsFree, options))
    } catch (error) {
      if (error instanceof WriteRefused) pauses = this.#pauses
      end = lost.aborted ? abandoned(lost) : await reportTrouble(work, error, options)
    }
    logger.debug({ id: work.id, attempt: work.attempt, end }, 'work ended')
    report({ type: 'ended', id: work.id, token: work.lease.token, end })
    if (end.kind === 'finished') {
      this.#pauses.reset()
      this.#pausesBesideAlone.reset()
    }
    if (end.kind === 'returned') await (pauses?.wait(draining) ?? untilStorageAnswers(options))
    return next
  }

  /** Undefined if no work arrives within `wait` seconds, or no master answers. */
  async #request(wait = 0, signal?: AbortSignal): Promise<Work | undefined> {
    const { clients, draining, logger } = this.#options
    try {
      const querystring = { ...workRequest(this.#options), wait }
      const { status, body } = await clients.imageMaster.getWork({ querystring, ...(signal && { signal }) })
      this.#backoff.reset()
      return status === 200 ? body : undefined
    } catch (error) {
      if (draining.aborted) return undefined
      logger.warn({ err: error }, 'could not request work from any image-master; retrying')
      await this.#backoff.wait(draining)
      return undefined
    }
  }
}

/**
 * If earlier attempts of an image failed, it may have crashed its process, or another image of the process did. So its last
 * attempt runs alone: only an image that crashes the process fails.
 */
function mustRunAlone({ attempt, isLastAttempt }: Work): boolean {
  return isLastAttempt === true && attempt > 1
}

function abandoned(lost: AbortSignal): WorkEnd {
  return { kind: 'abandoned', reason: String(lost.reason) }
}
