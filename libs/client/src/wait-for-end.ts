import { type Connection, pause } from './connection.ts'
import { imagePath } from './paths.ts'
import { eventsOf } from './server-events.ts'
import type { ImageStatus } from './types.ts'

interface WaitOptions {
  signal?: AbortSignal | undefined
  onChange?: ((status: ImageStatus) => void) | undefined
}

const pollSeconds = 20
/** The pause between two polls if a proxy removes `Prefer: wait`. */
const pollPauseMs = 1000

/** Waits until an image is finished or has failed: by its events, or by polling if the events break off. */
export async function waitForEnd(
  connection: Connection,
  id: string,
  options: WaitOptions,
): Promise<ImageStatus> {
  const path = imagePath(id)
  try {
    const ended = await followEvents(connection, path, options)
    if (ended) return ended
  } catch {
    options.signal?.throwIfAborted() // a proxy may hold back or cut events; polling shows what is wrong
  }
  return poll(connection, path, options)
}

/** Undefined if the stream ends before the image does. */
async function followEvents(
  connection: Connection,
  path: string,
  { signal, onChange }: WaitOptions,
): Promise<ImageStatus | undefined> {
  const response = await connection.request(`${path}/events`, { ...(signal && { signal }), once: true })
  if (!response.body) return undefined
  for await (const { event, data } of eventsOf(response.body)) {
    if (event !== 'state') continue
    const status = JSON.parse(data) as ImageStatus
    onChange?.(status)
    if (hasEnded(status)) return status
  }
  return undefined
}

async function poll(
  connection: Connection,
  path: string,
  { signal, onChange }: WaitOptions,
): Promise<ImageStatus> {
  const headers = { prefer: `wait=${pollSeconds}` }
  for (;;) {
    const begun = performance.now()
    const status = await connection.json<ImageStatus>(path, { ...(signal && { signal }), headers })
    onChange?.(status)
    if (hasEnded(status)) return status
    if (performance.now() - begun < pollPauseMs) await pause(pollPauseMs, signal)
  }
}

function hasEnded({ state }: ImageStatus): boolean {
  return state === 'finished' || state === 'failed'
}
