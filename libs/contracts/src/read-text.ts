import type { StreamedBody } from './route.ts'

/** A page of a thousand tasks with the longest operations has less. */
export const maxTextBytes = 64 * 1024 * 1024

/** An answer that would not end, or far beyond what any route answers. */
export class AnswerTooLong extends Error {}

/** A body as text, as long as it has no more than so many bytes. @throws AnswerTooLong */
export async function readText(body: StreamedBody, maxBytes = maxTextBytes): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new AnswerTooLong(`an answer of more than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
