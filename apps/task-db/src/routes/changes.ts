import type { Handlers, TaskChangeLine, taskDbRoutes } from '@darkroom/contracts'
import type { TaskChange, TaskStore } from '../engine/engine.ts'

/** Half of the time after which a reader considers a feed without data dead. */
const heartbeatMs = 5000
/** A reader with more unread lines gets one line `unknown` instead. */
const maxUnreadLines = 10_000

/** `closing` ends every feed. */
export function changeHandlers(
  store: TaskStore,
  closing: AbortSignal,
): Pick<Handlers<typeof taskDbRoutes>, 'followChanges'> {
  return {
    async followChanges({ signal }) {
      return {
        status: 200,
        headers: { 'content-type': 'application/x-ndjson' },
        body: feedOf(store, AbortSignal.any([signal, closing])),
      }
    },
  }
}

/** Sends an empty line as soon as it listens. Every change after that line is in the feed. */
async function* feedOf(store: TaskStore, ended: AbortSignal): AsyncGenerator<Uint8Array> {
  let unread: string[] = ['']
  let wake = () => {}
  const stopListening = store.onChange(change => {
    if (unread.length >= maxUnreadLines)
      unread = [JSON.stringify({ kind: 'unknown' } satisfies TaskChangeLine)]
    else unread.push(JSON.stringify(lineOf(change)))
    wake()
  })
  const heartbeat = setInterval(() => {
    if (unread.length === 0) unread.push('')
    wake()
  }, heartbeatMs)
  ended.addEventListener('abort', () => wake(), { once: true })
  try {
    while (!ended.aborted) {
      if (unread.length === 0) await new Promise<void>(resolve => (wake = resolve))
      const lines = unread
      unread = []
      if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`)
    }
  } finally {
    clearInterval(heartbeat)
    stopListening()
  }
}

function lineOf(change: TaskChange): TaskChangeLine {
  if (change.kind !== 'stored') return change
  const { task } = change
  const { id, version, state, owner, callback } = task
  return {
    kind: 'stored',
    id,
    version,
    state,
    ...(owner !== undefined && { owner }),
    ...(callback?.state === 'due' && { isNoticeDue: true }),
    task,
  }
}
