// Works like the real thread, but executes the text of an image as a command.
import { spawnSync } from 'node:child_process'
import { parentPort, workerData } from 'node:worker_threads'
import { createLogger, ServiceClients } from '@darkroom/service-kit'
import type { ThreadData } from '../../src/thread/protocol.ts'
import { openThreadPort } from '../../src/thread/thread-port.ts'
import { workUntilDrained } from '../../src/thread/work-loop.ts'

if (!parentPort) throw new Error('this file is the main module of a worker thread')
const { draining, report, reserve } = openThreadPort(parentPort)
const data = workerData as ThreadData

const allMemory = Number.MAX_SAFE_INTEGER
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
  'take all memory': () => reserve(allMemory),
  'take all memory twice': () => reserve(allMemory).then(() => reserve(allMemory)),
  'take all memory and exit': () => reserve(allMemory).then(() => process.exit(3)),
  'take all memory and wait': () => reserve(allMemory).then(() => never),
  // Native code that doesn't return, for far longer than the 2 + 5 s that a thread gets to end.
  'be stuck': () => spawnSync('sleep', ['15']),
}

const logger = createLogger('command-thread', 'silent')
const clients = new ServiceClients({ ...data, logger })

await workUntilDrained({
  name: data.name,
  clients,
  logger,
  draining,
  async develop(input) {
    const text = Buffer.from(input).toString()
    await deeds[text]?.()
    const facts = { contentType: 'image/png', width: 1, height: 1, frames: 1 }
    return { bytes: Buffer.from(`${text}, developed`), facts }
  },
  report,
})
await clients.close()
parentPort.close()
