import { randomUUID } from 'node:crypto'
import { problemType, type Task } from '@darkroom/contracts'
import type { ServiceClients } from '@darkroom/service-kit'

const facts = { contentType: 'image/png', bytes: 7, width: 4, height: 3, frames: 1, sha256: 'ab'.repeat(32) }

interface GivenTask {
  url: string
  keptSeconds?: number
  owner?: string
  hasFailed?: boolean
}

type TaskDb = ServiceClients['taskDb']

export async function createTask(
  taskDb: TaskDb,
  { url, keptSeconds = 60, owner }: GivenTask,
): Promise<string> {
  const id = randomUUID().replace(/^(.{14})./, '$17')
  const { status } = await taskDb.putTask({
    params: { id },
    body: {
      state: 'not-started',
      operations: [{ name: 'swap-channels', order: 'bgr' }],
      original: facts,
      maxAttempts: 1,
      callback: { url, keptSeconds },
      ...(owner !== undefined && { owner }),
    },
  })
  if (status !== 201) throw new Error(`the task was answered ${status}`)
  return id
}

/** Makes a task with a callback, and ends one of its owner. */
export async function endTask(taskDb: TaskDb, given: GivenTask): Promise<Task> {
  const params = { id: await createTask(taskDb, given) }
  const claimed = await taskDb.claimGivenTask({ params, body: { worker: 'w', leaseMs: 10_000 } })
  if (claimed.status !== 200) throw new Error('the task was not claimed')
  const { id, claims: token } = claimed.body // perhaps an older task of the owner
  const error = { type: problemType('undecodable'), title: 'Undecodable', detail: 'it is cut off' }
  const event = given.hasFailed
    ? ({ state: 'failed', token, error, retryable: false } as const)
    : ({ state: 'finished', token, result: facts } as const)
  const ended = await taskDb.putTask({ params: { id }, body: event })
  if (ended.status !== 200) throw new Error(`the end was answered ${ended.status}`)
  return ended.body
}
