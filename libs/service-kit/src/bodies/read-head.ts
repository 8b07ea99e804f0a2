/**
 * Reads the first bytes of a body, however it is cut into chunks. Also returns the whole body: as bytes if the body has no
 * more, otherwise as a stream that can be read once.
 */
export async function readHead(
  body: AsyncIterable<Uint8Array> | Uint8Array,
  headBytes: number,
): Promise<{ head: Uint8Array; whole: AsyncIterable<Uint8Array> | Uint8Array }> {
  if (body instanceof Uint8Array) return { head: body.subarray(0, headBytes), whole: body }
  const chunks = body[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let bytes = 0
  while (bytes < headBytes) {
    const { done, value } = await chunks.next()
    if (done) {
      const whole = Buffer.concat(first, bytes)
      return { head: whole, whole }
    }
    first.push(value)
    bytes += value.length
  }
  return { head: Buffer.concat(first, Math.min(bytes, headBytes)), whole: replay(first, chunks) }
}

async function* replay(first: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first
  first.length = 0
  yield* { [Symbol.asyncIterator]: () => rest }
}
