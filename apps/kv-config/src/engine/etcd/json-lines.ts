const newline = 0x0a

/** The documents of a stream with one JSON document per line; an incomplete last line is ignored. */
export async function* jsonLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let begun: Uint8Array[] = []
  for await (const chunk of stream) {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = Buffer.concat([...begun, chunk.subarray(start, end)]).toString()
      begun = []
      start = end + 1
      if (line.trim() !== '') yield JSON.parse(line)
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
  }
}
