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

export async function returnWork(
  { id, lease }: Work,
  { clients, logger }: WorkLoopOptions,
): Promise<WorkEnd> {
  await clients.imageMaster.workReturned({ body: { id, lease: lease.token } }).catch(error => {
    // The lease then expires. Reporting a failure instead could use up the last attempt.
    logger.error({ err: error, id }, 'work could not be returned; the task is retried when its lease expires')
  })
  return { kind: 'returned' }
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
