import { tooLarge } from '../problems/problems.ts'

/** The body of a request that a handler reads as a stream. */
export type Body = AsyncIterable<Uint8Array> | Uint8Array | null | undefined

/**
 * Reads a whole body of at most `maxBytes`. A missing body counts as empty.
 *
 * @throws ServiceProblem 413 as soon as the body is longer
 */
export async function readBody(body: Body, maxBytes: number): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(atMost(maxBytes, body)))
}

/**
 * Passes a body on. A missing body counts as empty.
 *
 * @throws ServiceProblem 413 as soon as the body has more than `maxBytes`
 */
export async function* atMost(maxBytes: number, body: Body): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : (body ?? [])) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    yield chunk
  }
}
