// Begins work although it must take no more, like a thread whose poll was in progress.
import { parentPort } from 'node:worker_threads'
import type { Work } from '@darkroom/contracts'
import type { ThreadMessage } from '../../src/thread/protocol.ts'

if (!parentPort) throw new Error('this file is the main module of a worker thread')
const port = parentPort
const id = '01990000-0000-7000-8000-000000000001'
const lease = { token: 1, expiresAt: new Date().toISOString(), durationMs: 1000 }
const work: Work = { id, operations: [], original: { bytes: 1 }, attempt: 1, lease }
port.once('message', () => {
  const messages: ThreadMessage[] = [
    { type: 'begun', work },
    { type: 'ended', id, token: 1, end: { kind: 'returned' } },
  ]
  for (const message of messages) port.postMessage([message])
})
