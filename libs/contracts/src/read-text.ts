import type { StreamedBody } from './route.ts'

/** More than a page of a thousand tasks with the longest operations. */
const maxTextBytes = 64 * 1024 * 1024

/** The response is far longer than any route's, and perhaps endless. */
export class ResponseTooLong extends Error {}

/** Reads a body of at most `maxBytes` as text. @throws ResponseTooLong */
export async function readText(body: StreamedBody, maxBytes = maxTextBytes): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new ResponseTooLong(`the response has more than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
