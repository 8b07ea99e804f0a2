import { problemType, type TaskError, type Work } from '@darkroom/contracts'
import { Backoff, isOutage } from '@darkroom/service-kit/clients'
import { checkReads } from '@darkroom/service-kit/images'
import { UnusableImage } from '../develop/unusable-image.ts'
import { WriteRefused } from './deliver-results.ts'
import type { WorkEnd } from './protocol.ts'
import type { WorkLoopOptions } from './work-options.ts'

/**
 * An image that was returned this often may itself be the reason why the storage seems unavailable. Then a probe of the
 * storage decides: an image that many workers try during an outage is also returned often.
 */
const maxClaims = 20

export async function returnWork(work: Work, options: WorkLoopOptions): Promise<WorkEnd> {
  await sendReturn(work, options)
  return { kind: 'returned' }
}

/**
 * Ends work whose result the storage refuses, because it has a result with a newer token. Usually the lease is lost. If it
 * is not, the task DB was restored from a backup that is older than the result. Then the work is returned: the next attempt
 * has a greater token, and none is counted.
 */
export async function returnOvertaken(work: Work, options: WorkLoopOptions): Promise<WorkEnd> {
  const returned = await sendReturn(work, options)
  if (returned?.status === 409) return { kind: 'abandoned', reason: 'a newer attempt has stored its result' }
  options.logger.warn(
    { id: work.id, token: work.lease.token },
    'returning an image: the storage has a newer result, as after a restore of an older task DB',
  )
  return { kind: 'returned' }
}

function sendReturn({ id, lease }: Work, { clients, logger }: WorkLoopOptions) {
  return clients.imageMaster.workReturned({ body: { id, lease: lease.token } }).catch(error => {
    // The lease then expires. Reporting a failure instead could use up the last attempt.
    logger.error({ err: error, id }, 'work could not be returned; the task is retried when its lease expires')
  })
}

/** An unavailable service is not the image's fault and doesn't count as an attempt: the image waits again. */
export async function reportTrouble(work: Work, cause: unknown, options: WorkLoopOptions): Promise<WorkEnd> {
  const isSuspect = work.lease.token >= maxClaims && !(cause instanceof WriteRefused)
  if (!isOutage(cause) || (isSuspect && (await storageAnswers(options))))
    return reportFailure(work, cause, options)
  options.logger.warn(
    { err: cause, id: work.id },
    'returning an image: a service that it needs is unavailable',
  )
  return returnWork(work, options)
}

export async function untilStorageAnswers(options: WorkLoopOptions): Promise<void> {
  const { draining } = options
  const backoff = new Backoff(100, 5000)
  while (!draining.aborted && !(await storageAnswers(options))) await backoff.wait(draining)
}

async function storageAnswers({ clients, draining, logger }: WorkLoopOptions): Promise<boolean> {
  try {
    await checkReads(clients.storage, draining)
    return true
  } catch (error) {
    logger.debug({ err: error }, 'the storage is unavailable')
    return false
  }
}

async function reportFailure(work: Work, cause: unknown, options: WorkLoopOptions): Promise<WorkEnd> {
  const { clients, logger } = options
  const isUnusable = cause instanceof UnusableImage
  const error = isUnusable ? cause.toTaskError() : unexpected(cause)
  if (!isUnusable) logger.error({ err: cause, id: work.id }, 'an image could not be developed')
  const body = { id: work.id, lease: work.lease.token, error, retryable: !isUnusable }
  const reported = await clients.imageMaster.workFailed({ body }).catch(reportError => {
    // The lease then expires, and the task is retried.
    logger.error(
      { err: reportError, id: work.id },
      'a failure could not be reported; the task is retried when its lease expires',
    )
  })
  if (reported?.status === 409)
    return { kind: 'abandoned', reason: 'the lease was lost before the failure was reported' }
  return { kind: 'failed', error }
}

function unexpected(cause: unknown): TaskError {
  return {
    type: problemType('processing-failed'),
    title: 'Processing failed',
    detail: cause instanceof Error ? cause.message : String(cause),
  }
}
