// A thread that works as the real one does, but develops an image by doing what its text says.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { createLogger, ServiceClients } from '@darkroom/service-kit'
import type { ThreadData, ThreadMessage } from '../../src/thread/protocol.ts'
import { workUntilDrained } from '../../src/thread/work-loop.ts'

if (!parentPort) throw new Error('this file is the main module of a worker thread')
const port = parentPort
const data = workerData as ThreadData

const never = new Promise<never>(() => undefined)
const deeds: Record<string, () => unknown> = {
  exit: () => process.exit(3),
  'throw elsewhere': () => {
    setImmediate(() => {
      throw new Error('thrown elsewhere')
    })
    return never
  },
  'go on and on': () => {
    for (;;);
  },
  wait: () => never,
  // Native code that doesn't return, for longer than a thread is given to end.
  'be stuck': () => spawnSync('sleep', ['7']),
}

const logger = createLogger('obedient-thread', 'silent')
const clients = new ServiceClients({ ...data, logger })
const draining = new AbortController()
void once(port, 'message').then(() => draining.abort())

await workUntilDrained({
  name: data.name,
  clients,
  logger,
  draining: draining.signal,
  async develop(input) {
    const text = Buffer.from(input).toString()
    await deeds[text]?.()
    const facts = { contentType: 'image/png', width: 1, height: 1, frames: 1 }
    return { bytes: Buffer.from(`${text}, developed`), facts }
  },
  report: (message: ThreadMessage) => port.postMessage(message),
})
await clients.close()
port.close()
