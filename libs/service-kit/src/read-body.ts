import { ServiceProblem } from './problems.ts'

/**
 * Reads a whole body of at most `maxBytes`; none is an empty one.
 *
 * @throws ServiceProblem 413 as soon as it is longer.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array> | Uint8Array | null | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : (body ?? [])) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function tooLarge(maxBytes: number): ServiceProblem {
  return new ServiceProblem(413, 'too-large', `the body is larger than ${maxBytes} bytes`)
}
