import { type Handlers, hasEnded, type TaskChangeLine, type taskDbRoutes } from '@darkroom/contracts'
import type { TaskChange, TaskStore } from '../engine/engine.ts'

/** Half of the time after which a reader considers a silent feed dead. */
const heartbeatMs = 5000
/** A reader with more unread lines gets one line `unknown` instead. */
const maxUnreadLines = 10_000

/**
 * How long a change of an unfinished task waits for others, in milliseconds. Waking a reader costs it more CPU time than
 * processing one change. Clients wait for the ends of their images, so these are sent at once.
 */
const gatherMs = 15

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
  let isDue = true
  let wake = () => {}
  let gathering: NodeJS.Timeout | undefined
  const send = () => {
    clearTimeout(gathering)
    gathering = undefined
    isDue = true
    wake()
  }
  const stopListening = store.onChange(change => {
    if (unread.length >= maxUnreadLines)
      unread = [JSON.stringify({ kind: 'unknown' } satisfies TaskChangeLine)]
    else unread.push(JSON.stringify(lineOf(change)))
    if (change.kind !== 'stored' || hasEnded(change.task)) send()
    else gathering ??= setTimeout(send, gatherMs)
  })
  const heartbeat = setInterval(() => {
    if (unread.length === 0) unread.push('')
    send()
  }, heartbeatMs)
  ended.addEventListener('abort', () => wake(), { once: true })
  try {
    while (!ended.aborted) {
      if (!isDue) await new Promise<void>(resolve => (wake = resolve))
      isDue = false
      const lines = unread
      unread = []
      if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`)
    }
  } finally {
    clearInterval(heartbeat)
    clearTimeout(gathering)
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
