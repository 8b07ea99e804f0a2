// Dies while it has two images: the result of the first is on its way, and the second is developed.
import { parentPort, workerData } from 'node:worker_threads'
import { createLogger, ServiceClients } from '@darkroom/service-kit/clients'
import type { ThreadData, ThreadMessage } from '../../src/thread/protocol.ts'

if (!parentPort) throw new Error('this file is the main module of a worker thread')
const data = workerData as ThreadData
const clients = new ServiceClients({ ...data, logger: createLogger('thread-with-two', 'silent') })

async function begin(): Promise<boolean> {
  const { status, body: work } = await clients.imageMaster.getWork({ querystring: { worker: data.name } })
  if (status === 200) parentPort?.postMessage([{ type: 'begun', work }] satisfies ThreadMessage[])
  return status === 200
}

parentPort.once('message', () => process.exit(0))
if ((await begin()) && (await begin())) process.exit(3)
