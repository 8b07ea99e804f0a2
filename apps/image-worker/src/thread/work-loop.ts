import { setTimeout as delay } from 'node:timers/promises'
import type { Work } from '@darkroom/contracts'
import { Backoff } from '@darkroom/service-kit/clients'
import { ReusableBuffer } from '../reusable-buffer.ts'
import { WriteRefused } from './deliver-results.ts'
import { developAndStore } from './develop-work.ts'
import { KeptLease } from './kept-lease.ts'
import type { WorkEnd } from './protocol.ts'
import { reportTrouble, returnWork, untilStorageAnswers } from './report-trouble.ts'
import { usualRefusedWrites, type WorkLoopOptions } from './work-options.ts'
import { workRequest } from './work-request.ts'

const pollSeconds = 25
/**
 * The master answers a poll at once if it has work, so a poll that is open when draining begins may still bring some.
 */
const drainGraceMs = 500

/** Processes one image after the other (pull, fetch, develop, store, report) until `draining` is aborted. */
export async function workUntilDrained(options: WorkLoopOptions): Promise<void> {
  const { clients, draining, logger, refusedWrites = usualRefusedWrites } = options
  const pauses = new Backoff(refusedWrites.firstPauseMs, refusedWrites.longestPauseMs)
  const backoff = new Backoff(100, 2000)
  const originals = new ReusableBuffer()
  const giveUpPolling = new AbortController()
  const endPolling = () => void delay(drainGraceMs).then(() => giveUpPolling.abort())
  draining.addEventListener('abort', endPolling, { once: true })

  while (!draining.aborted) {
    try {
      const { status, body } = await clients.imageMaster.getWork({
        querystring: { ...workRequest(options), wait: pollSeconds },
        signal: giveUpPolling.signal,
      })
      backoff.reset()
      let work = status === 200 ? body : undefined
      while (work) work = await workOn(work, originals, pauses, options)
    } catch (error) {
      if (draining.aborted) return
      logger.warn({ err: error }, 'could not request work from any image-master; retrying')
      await backoff.wait(draining)
    }
  }
}

/** Returns the next work, if the report of this work's end brought some. Waits for `pauses` after a refused write. */
async function workOn(
  work: Work,
  originals: ReusableBuffer,
  pauses: Backoff,
  options: WorkLoopOptions,
): Promise<Work | undefined> {
  const { clients, draining, logger, report } = options
  report({ type: 'begun', work: { ...work, original: { bytes: work.original.bytes } } })
  const lease = new KeptLease(work, clients.imageMaster, logger)
  let end: WorkEnd
  let next: Work | undefined
  let isRefused = false
  try {
    if (draining.aborted) end = await returnWork(work, options)
    else ({ end, next } = await developAndStore(work, originals, lease.lost, options))
  } catch (error) {
    isRefused = error instanceof WriteRefused
    end = lease.lost.aborted ? abandoned(lease.lost) : await reportTrouble(work, error, options)
  } finally {
    await lease.close()
  }
  logger.debug({ id: work.id, attempt: work.attempt, end }, 'work ended')
  report({ type: 'ended', id: work.id, end })
  if (end.kind === 'finished') pauses.reset()
  if (end.kind === 'returned') await (isRefused ? pauses.wait(draining) : untilStorageAnswers(options))
  return next
}

function abandoned(lost: AbortSignal): WorkEnd {
  return { kind: 'abandoned', reason: String(lost.reason) }
}
