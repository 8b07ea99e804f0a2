// Works like the real thread, but executes the text of an image as a command.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createLogger, ServiceClients } from '@darkroom/service-kit/clients'
import type { ThreadData } from '../../src/thread/protocol.ts'
import { openThreadPort } from '../../src/thread/thread-port.ts'
import { workUntilDrained } from '../../src/thread/work-loop.ts'
import { sharedFolder } from './shared-folder.ts'

if (!parentPort) throw new Error('this file is the main module of a worker thread')
const { draining, report, lostLease, reserve, runAlone } = openThreadPort(parentPort)
const data = workerData as ThreadData

const allMemory = Number.MAX_SAFE_INTEGER
const folder = sharedFolder(data.kvUrl)
mkdirSync(folder, { recursive: true })
const never = new Promise<never>(() => undefined)
const commands: Record<string, () => unknown> = {
  exit: () => process.exit(3),
  'throw elsewhere': () => {
    setImmediate(() => {
      throw new Error('thrown elsewhere')
    })
    return never
  },
  'loop forever': () => {
    for (;;);
  },
  wait: () => never,
  'crash the process after a second': () => holdMemory(1000).then(() => process.kill(process.pid, 'SIGKILL')),
  'take two seconds': () => holdMemory(2000),
  'wait for the other thread': waitForOtherThread,
  'take all memory': useAllMemory,
  'take all memory twice': () => useAllMemory().then(useAllMemory),
  'take all memory and exit': () => reserve(allMemory).then(() => process.exit(3)),
  'take all memory and wait': () => reserve(allMemory).then(() => never),
  'be busy until released': () =>
    spawnSync('sh', ['-c', 'until [ -e "$0" ]; do sleep 0.1; done', join(folder, 'released')]),
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
    await commands[text]?.()
    const facts = { contentType: 'image/png', width: 1, height: 1, frames: 1 }
    return { bytes: Buffer.from(`${text}, developed`), facts }
  },
  report,
  lostLease,
  runAlone,
})
await clients.close()
parentPort.close()

/** Resolves when two threads of this pool have called it. */
async function waitForOtherThread(): Promise<void> {
  mkdirSync(join(folder, data.name), { recursive: true })
  while (readdirSync(join(folder, 'worker')).length < 2) await delay(10)
}

/** Takes as long as an image that is developed meanwhile. */
async function holdMemory(ms: number): Promise<void> {
  await reserve(1)
  await delay(ms)
}

/** Fails if another thread of this pool uses the memory at the same time. */
async function useAllMemory(): Promise<void> {
  await reserve(allMemory)
  mkdirSync(join(folder, 'in-use'))
  await delay(50)
  rmdirSync(join(folder, 'in-use'))
}
