import {
  type Client,
  type ImageFacts,
  type InlineResult,
  type imageMasterRoutes,
  outputKey,
  problemCode,
  type storageRoutes,
  type Work,
  type WorkRequest,
} from '@darkroom/contracts'
import { Backoff, ServiceUnavailable } from '@darkroom/service-kit/clients'
import type { Developed } from '../develop/developed.ts'
import { UnusableImage } from '../develop/unusable-image.ts'
import { freeNow } from '../free-now.ts'

/** A developed image, and the name of its variant; without a name it is the result. */
export interface MadeOutput {
  name: string | undefined
  developed: Developed
}

interface DeliveryOptions {
  clients: { imageMaster: Client<typeof imageMasterRoutes>; storage: Client<typeof storageRoutes> }
  /** Results of at most this many bytes together are sent inside the report. */
  inlineBytes: number
  /** How long to retry storing a result while the storage refuses it. */
  offerMs: number
  /** The request for the next work, which is sent with the report. */
  nextRequest(): { next?: WorkRequest }
}

/** The storage responds, but accepts no data now. However often this happens, the image is not the cause. */
export class WriteRefused extends ServiceUnavailable {}

/**
 * Reports that work is finished: small results are sent inside the report, others are stored before it. Returns the
 * response to the report; undefined if a newer attempt has stored one of its results. The bytes of stored results are freed.
 *
 * @throws UnusableImage if a result is larger than the storage accepts; WriteRefused; the reason of `lost`
 */
export async function deliverResults(
  work: Work,
  made: readonly MadeOutput[],
  lost: AbortSignal,
  options: DeliveryOptions,
) {
  return (await finishInline(work, made, options)) ?? (await storeAndFinish(work, made, lost, options))
}

export function bytesOf(made: readonly MadeOutput[]): number {
  return made.reduce((sum, { developed }) => sum + developed.bytes.length, 0)
}

/** Undefined if the results must go to the storage instead. */
async function finishInline(work: Work, made: readonly MadeOutput[], options: DeliveryOptions) {
  if (bytesOf(made) > options.inlineBytes) return undefined
  const results = made.map(({ name, developed }) => ({ name, facts: inlineResult(developed) }))
  const reported = await finish(work, results, options)
  return reported.status === 409 && problemCode(reported.body) === 'result-refused' ? undefined : reported
}

function inlineResult({ bytes, facts: { contentType, width, height, frames } }: Developed): InlineResult {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  return { contentType, width, height, frames, content }
}

/** Undefined when a newer attempt has stored one of its results. */
async function storeAndFinish(
  work: Work,
  made: readonly MadeOutput[],
  lost: AbortSignal,
  options: DeliveryOptions,
) {
  const stored = await Promise.all(made.map(output => store(work, output, lost, options)))
  const results = stored.filter(result => result !== undefined)
  return results.length < stored.length ? undefined : finish(work, results, options)
}

function finish(
  { id, lease }: Work,
  results: readonly { name: string | undefined; facts: ImageFacts | InlineResult }[],
  { clients, nextRequest }: DeliveryOptions,
) {
  const result = results.find(({ name }) => name === undefined)
  const variants = results.flatMap(({ name, facts }) => (name === undefined ? [] : [[name, facts] as const]))
  return clients.imageMaster.workFinished({
    body: {
      id,
      lease: lease.token,
      ...(result && { result: result.facts }),
      ...(variants.length > 0 && { variants: Object.fromEntries(variants) }),
      ...nextRequest(),
    },
  })
}

/** Undefined when a newer attempt has stored its result. */
async function store(
  work: Work,
  { name, developed }: MadeOutput,
  lost: AbortSignal,
  options: DeliveryOptions,
): Promise<{ name: string | undefined; facts: ImageFacts } | undefined> {
  const stored = await storeResult(outputKey(work.id, name), work, developed, lost, options)
  if (stored.status === 409) return undefined
  if (stored.status === 413)
    throw new UnusableImage(
      'result-too-large',
      `the result of ${developed.bytes.length} bytes is larger than the storage accepts: choose a smaller size or quality`,
    )
  if (stored.status === 412) throw new Error(stored.body.detail) // The request has no precondition.
  if (stored.status === 503) throw new WriteRefused('storage', new Error(stored.body.detail))
  freeNow(developed.bytes)
  return { name, facts: { ...developed.facts, bytes: stored.body.bytes, sha256: stored.body.sha256 } }
}

/**
 * Retries for a while: the storage may have room again in a moment, and an attempt is too expensive to throw away. A running
 * request is not aborted when the lease is lost: the storage may keep its bytes in any case, and only the later report makes
 * the master delete the result of a deleted task.
 */
async function storeResult(
  key: string,
  { lease }: Work,
  { bytes, facts }: Developed,
  lost: AbortSignal,
  { clients, offerMs }: DeliveryOptions,
) {
  const backoff = new Backoff(500, 5000)
  for (const deadline = performance.now() + offerMs; ; ) {
    const reply = await clients.storage.putBlob({
      params: { key, stage: 'post' },
      querystring: { fence: lease.token },
      headers: { 'content-type': facts.contentType },
      body: bytes,
    })
    if (reply.status !== 503 || performance.now() > deadline) return reply
    await backoff.wait(lost)
    lost.throwIfAborted()
  }
}
