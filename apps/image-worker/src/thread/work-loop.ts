import { setTimeout as delay } from 'node:timers/promises'
import {
  type Client,
  type imageMasterRoutes,
  type Operation,
  outputsOf,
  problemType,
  type storageRoutes,
  type TaskError,
  type Work,
  type WorkRequest,
} from '@darkroom/contracts'
import { Backoff, isOutage, type Logger } from '@darkroom/service-kit/clients'
import { checkReads } from '@darkroom/service-kit/images'
import type { Developed } from '../develop/developed.ts'
import { SharedOriginal } from '../develop/shared-original.ts'
import { UnusableImage } from '../develop/unusable-image.ts'
import { ReusableBuffer } from '../reusable-buffer.ts'
import { bytesOf, deliverResults, type MadeOutput, WriteRefused } from './deliver-results.ts'
import { KeptLease } from './kept-lease.ts'
import type { ThreadMessage, WorkEnd } from './protocol.ts'

export interface WorkLoopOptions {
  name: string
  /** The optional file types that `develop` can decode; tasks with others go to other workers. */
  decodes?: readonly string[]
  clients: { imageMaster: Client<typeof imageMasterRoutes>; storage: Client<typeof storageRoutes> }
  logger: Logger
  /** Aborted when no more work is to be taken. */
  draining: AbortSignal
  /**
   * Called for each output, one after the other. `shared` is given if there are several.
   *
   * @throws UnusableImage when the image is the cause
   */
  develop(
    input: Uint8Array,
    operations: readonly Operation[],
    shared: SharedOriginal | undefined,
  ): Promise<Developed>
  report(message: ThreadMessage): void
  refusedWrites?: RefusedWrites
  /** Originals and results of at most this many bytes are sent inside the messages about their work. */
  inlineBytes?: number
}

/**
 * While the storage is full, developing an image is wasted work. These limit how long storing a result is retried, and
 * how often images are developed.
 */
interface RefusedWrites {
  /** How long to retry storing a result. */
  offerMs: number
  /** The pause between images that had to be returned: the first, and the longest, as it doubles. */
  firstPauseMs: number
  longestPauseMs: number
}

/** Each thread then develops at most one image a minute, and continues within a minute after the storage has room. */
const usualRefusedWrites: RefusedWrites = { offerMs: 30_000, firstPauseMs: 5000, longestPauseMs: 60_000 }

const pollSeconds = 25
const usualInlineBytes = 128 * 1024
/**
 * An image that was returned this often may itself be the reason why the storage seems unavailable. Then a probe of the
 * storage decides, because an image that many workers try during an outage is returned as often.
 */
const maxClaims = 20
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

interface Ended {
  end: WorkEnd
  next?: Work | undefined
}

async function developAndStore(
  work: Work,
  originals: ReusableBuffer,
  lost: AbortSignal,
  options: WorkLoopOptions,
): Promise<Ended> {
  const { clients, develop, report } = options
  const { content } = work.original
  const input =
    content === undefined
      ? await fetchOriginal(work, originals, lost, clients.storage)
      : Buffer.from(content, 'base64')
  const outputs = outputsOf(work)
  const shared = outputs.length > 1 ? new SharedOriginal() : undefined
  const made: MadeOutput[] = []
  try {
    for (const { name, operations } of outputs) {
      report({ type: 'developing' }) // the time limit starts again
      made.push({ name, developed: await develop(input, operations, shared) })
      lost.throwIfAborted()
    }
  } finally {
    report({ type: 'developed' })
  }
  const end: WorkEnd = { kind: 'finished', bytesIn: input.length, bytesOut: bytesOf(made) }
  const reported = await deliverResults(work, made, lost, {
    clients,
    inlineBytes: options.inlineBytes ?? usualInlineBytes,
    offerMs: (options.refusedWrites ?? usualRefusedWrites).offerMs,
    nextRequest: () => nextRequest(options),
  })
  if (!reported) return { end: { kind: 'abandoned', reason: 'a newer attempt has stored its result' } }
  if (reported.status === 409)
    return { end: { kind: 'abandoned', reason: 'the lease was lost before the result was reported' } }
  return reported.status === 200 ? { end, next: reported.body } : { end }
}

/** A request for any work that the thread can do. */
function workRequest({ name, decodes = [], inlineBytes = usualInlineBytes }: WorkLoopOptions): WorkRequest {
  return { worker: name, decodes: decodes.join(), inline: inlineBytes }
}

/** Requests the next work, unless the thread takes no more. */
function nextRequest(options: WorkLoopOptions): { next?: WorkRequest } {
  return options.draining.aborted ? {} : { next: workRequest(options) }
}

async function fetchOriginal(
  { id, original }: Work,
  originals: ReusableBuffer,
  signal: AbortSignal,
  storage: WorkLoopOptions['clients']['storage'],
): Promise<Uint8Array> {
  const reply = await storage.getBlob({ params: { key: id, stage: 'pre' }, headers: {}, signal })
  if (reply.status === 200) return read(reply.body, originals.take(original.bytes))
  throw new UnusableImage('original-gone', 'the original is no longer stored')
}

/** Fills `bytes` from a body of as many bytes. */
async function read(body: AsyncIterable<Uint8Array>, bytes: Uint8Array): Promise<Uint8Array> {
  let at = 0
  for await (const chunk of body) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  if (at < bytes.length) throw new Error(`the storage sent ${at} of the ${bytes.length} bytes of an original`)
  return bytes
}

async function returnWork({ id, lease }: Work, { clients, logger }: WorkLoopOptions): Promise<WorkEnd> {
  await clients.imageMaster.workReturned({ body: { id, lease: lease.token } }).catch(error => {
    // The lease then expires. Reporting a failure instead could use up the last attempt.
    logger.error({ err: error, id }, 'work could not be returned; the task is retried when its lease expires')
  })
  return { kind: 'returned' }
}

/** An unavailable service is not the image's fault and doesn't count as an attempt: the image waits again. */
async function reportTrouble(work: Work, cause: unknown, options: WorkLoopOptions): Promise<WorkEnd> {
  const isSuspect = work.lease.token >= maxClaims && !(cause instanceof WriteRefused)
  const isItsFault = !isOutage(cause) || (isSuspect && (await storageAnswers(options)))
  if (isItsFault) return reportFailure(work, cause, options)
  options.logger.warn(
    { err: cause, id: work.id },
    'returning an image: a service that it needs is unavailable',
  )
  return returnWork(work, options)
}

async function untilStorageAnswers(options: WorkLoopOptions): Promise<void> {
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
  const isImagesFault = cause instanceof UnusableImage
  const error = isImagesFault ? cause.toTaskError() : unexpected(cause)
  if (!isImagesFault) logger.error({ err: cause, id: work.id }, 'an image could not be developed')
  const body = { id: work.id, lease: work.lease.token, error, retryable: !isImagesFault }
  const reported = await clients.imageMaster.workFailed({ body }).catch(reportError => {
    // The lease then expires, and the task is tried again.
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

function abandoned(lost: AbortSignal): WorkEnd {
  return { kind: 'abandoned', reason: String(lost.reason) }
}
