import { type Connection, pause } from './connection.ts'
import type { ImageStatus } from './types.ts'

interface WaitOptions {
  signal?: AbortSignal | undefined
  onChange?: ((status: ImageStatus) => void) | undefined
}

const pollSeconds = 20
/** Darkroom writes to a silent stream every 20 s. After a longer silence, the connection is dead. */
const silenceMs = 65_000
/** Between two polls, where a proxy has removed the preference to wait. */
const pollPauseMs = 1000

/** Waits until an image is finished or has failed: by its events, or by polling if the events break off. */
export async function waitForEnd(
  connection: Connection,
  id: string,
  { signal, onChange }: WaitOptions,
): Promise<ImageStatus> {
  const path = `/images/${encodeURIComponent(id)}`
  const init = signal ? { signal } : {}
  try {
    const answer = await connection.request(`${path}/events`, { ...init, once: true })
    if (answer.body)
      for await (const { event, data } of eventsOf(answer.body)) {
        if (event !== 'state') continue
        const status = JSON.parse(data) as ImageStatus
        onChange?.(status)
        if (hasEnded(status)) return status
      }
  } catch {
    signal?.throwIfAborted() // a proxy may hold back or cut events; polling shows what is wrong
  }
  for (;;) {
    const headers = { prefer: `wait=${pollSeconds}` }
    const begun = performance.now()
    const status = await connection.json<ImageStatus>(path, { ...init, headers })
    onChange?.(status)
    if (hasEnded(status)) return status
    if (performance.now() - begun < pollPauseMs) await pause(pollPauseMs, signal)
  }
}

function hasEnded({ state }: ImageStatus): boolean {
  return state === 'finished' || state === 'failed'
}

interface ServerEvent {
  event: string
  data: string
}

/** Parses server-sent events (WHATWG HTML, 9.2.6), without ids and reconnection times. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let [text, event, data] = ['', 'message', '']
  try {
    for (;;) {
      const { done, value } = await soon(reader.read())
      if (done) return
      text += decoder.decode(value, { stream: true })
      const lines = text.split(/\r\n|\n|\r(?!$)/)
      text = lines.pop() ?? ''
      for (const line of lines) {
        const [, field = '', given = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
        if (field === 'event') event = given
        if (field === 'data') data += `${given}\n`
        if (line !== '') continue
        if (data !== '') yield { event, data: data.slice(0, -1) }
        event = 'message'
        data = ''
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function soon<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the connection is silent')), silenceMs)
  })
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer))
}
