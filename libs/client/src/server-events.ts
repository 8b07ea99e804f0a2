/** Darkroom writes to a silent stream every 20 s. After a longer silence, the connection is dead. */
const silenceMs = 65_000

interface ServerEvent {
  event: string
  data: string
}

/** Parses server-sent events (WHATWG HTML, 9.2.6), without ids and reconnection times. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let [event, data] = ['message', '']
  for await (const line of linesOf(body)) {
    const [, field = '', given = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') event = given
    if (field === 'data') data += `${given}\n`
    if (line !== '') continue
    if (data !== '') yield { event, data: data.slice(0, -1) }
    event = 'message'
    data = ''
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let unfinished = ''
  try {
    for (;;) {
      const { done, value } = await unlessSilent(reader.read())
      if (done) return
      // After a carriage return at the end, its line feed may still follow.
      const lines = (unfinished + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/)
      unfinished = lines.pop() ?? ''
      yield* lines
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Rejects if nothing arrives for too long. */
async function unlessSilent<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the connection is silent')), silenceMs)
  })
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer))
}
