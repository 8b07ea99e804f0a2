import { hash } from 'node:crypto'
import { outputsOf, type Work } from '@darkroom/contracts'
import { collectUsed } from '@darkroom/service-kit/clients'
import { SharedOriginal } from '../develop/shared-original.ts'
import { UnusableImage } from '../develop/unusable-image.ts'
import type { ReusableBuffer } from '../reusable-buffer.ts'
import { bytesOf, deliverResults, type MadeOutput } from './deliver-results.ts'
import type { WorkEnd } from './protocol.ts'
import { returnOvertaken } from './report-trouble.ts'
import { usualInlineBytes, usualRefusedWrites, type WorkLoopOptions } from './work-options.ts'
import { nextRequest } from './work-request.ts'

interface Ended {
  end: WorkEnd
  next?: Work | undefined
}

/** Results of at most this many bytes together may stay in memory while the thread develops the next image. */
const maxBytesBeside = 4 * 1024 * 1024

/**
 * Develops the outputs of a task, and delivers them. Returns the next work, if the report brought some. Calls
 * `threadIsFree` before small results are delivered.
 */
export async function developAndStore(
  work: Work,
  originals: ReusableBuffer,
  lost: AbortSignal,
  threadIsFree: () => void,
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
  } catch (error) {
    throw error instanceof UnusableImage ? (damageOf(input, work) ?? error) : error
  } finally {
    report({ type: 'developed' })
  }
  const bytesOut = bytesOf(made)
  if (bytesOut <= maxBytesBeside) threadIsFree()
  const bytesIn = input.length
  const end: WorkEnd = { kind: 'finished', bytesIn, bytesOut }
  const reported = await deliverResults(work, made, lost, {
    clients,
    inlineBytes: options.inlineBytes ?? usualInlineBytes,
    offerMs: (options.refusedWrites ?? usualRefusedWrites).offerMs,
    nextRequest: () => nextRequest(options),
  })
  collectUsed(bytesIn + bytesOut)
  if (!reported) return { end: await returnOvertaken(work, options) }
  if (reported.status === 409)
    return { end: { kind: 'abandoned', reason: 'the lease was lost before the result was reported' } }
  return reported.status === 200 ? { end, next: reported.body } : { end }
}

/** The error of an original that changed after it was accepted: its owner didn't upload it damaged, and another read may help. */
function damageOf(input: Uint8Array, { original: { sha256 } }: Work): Error | undefined {
  if (sha256 === undefined || hash('sha256', input) === sha256) return undefined
  return new Error(`the stored original is damaged: its SHA-256 is not ${sha256}; upload the image again`)
}

async function fetchOriginal(
  { id, original }: Work,
  originals: ReusableBuffer,
  signal: AbortSignal,
  storage: WorkLoopOptions['clients']['storage'],
): Promise<Uint8Array> {
  const reply = await storage.getBlob({ params: { key: id, stage: 'pre' }, headers: {}, signal })
  if (reply.status === 200) return read(reply.body, originals.take(original.bytes))
  throw new UnusableImage('original-gone', 'the original is not stored any more: upload the image again')
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
