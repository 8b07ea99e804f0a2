// Begins two images. Reports the end of the first while it develops the second, which never ends.
import { parentPort, workerData } from 'node:worker_threads'
import type { Work } from '@darkroom/contracts'
import { createLogger, ServiceClients } from '@darkroom/service-kit/clients'
import type { ThreadData, ThreadMessage } from '../../src/thread/protocol.ts'

if (!parentPort) throw new Error('this file is the main module of a worker thread')
const data = workerData as ThreadData
const clients = new ServiceClients({ ...data, logger: createLogger('thread-with-slow-second', 'silent') })

async function begin(): Promise<Work | undefined> {
  const { status, body } = await clients.imageMaster.getWork({ querystring: { worker: data.name } })
  if (status === 200) report({ type: 'begun', work: body })
  return status === 200 ? body : undefined
}

function report(...messages: ThreadMessage[]): void {
  parentPort?.postMessage(messages)
}

parentPort.once('message', () => process.exit(0))
const [first, second] = [await begin(), await begin()]
if (first && second)
  report(
    { type: 'developing' },
    {
      type: 'ended',
      id: first.id,
      token: first.lease.token,
      end: { kind: 'finished', bytesIn: 1, bytesOut: 1 },
    },
  )
