import assert from 'node:assert/strict'
import { outputKey, type Task, type Variants } from '@darkroom/contracts'
import * as imageMaster from '@darkroom/image-master'
import { logger, type Neighbours, startNeighbours } from '@darkroom/image-master/testing'
import { loadConfig, type RunningService } from '@darkroom/service-kit'
import { type Owner, until } from '@darkroom/testing'

export interface Workshop extends Neighbours {
  master: RunningService
  startMaster(): Promise<RunningService>
  /** Makes a task whose original is this text, which the `develop` of the tests executes as a command. */
  addTask(text: string, maxAttempts?: number, variants?: Variants): Promise<string>
  taskOf(id: string): Promise<Task>
  untilState(id: string, state: Task['state']): Promise<Task>
  /** The stored result as text; undefined if there is none. */
  resultOf(id: string, variant?: string): Promise<string | undefined>
  /** Gives the task to another worker; its present worker isn't notified. Returns the token of the new lease. */
  takeOver(id: string): Promise<number>
}

let lastNumber = 0

/** Starts the services that a worker needs, for one test. `settings` are environment variables of all services. */
export async function startWorkshop(owner: Owner, settings: Record<string, string> = {}): Promise<Workshop> {
  const neighbours = await startNeighbours(owner, settings)
  const { clients, defer, env } = neighbours
  const startMaster = async () => {
    const master = await imageMaster.start(loadConfig(imageMaster.Config, env), logger)
    defer(master.close)
    return master
  }
  const taskOf = async (id: string) => {
    const { status, body } = await clients.taskDb.getTask({ params: { id } })
    return status === 200 ? body : assert.fail(`there is no task ${id}`)
  }
  const master = await startMaster()
  await until('the master is found', () => clients.imageMaster.isReady({ querystring: { id: 'x' } }))
  return {
    ...neighbours,
    master,
    startMaster,
    taskOf,
    async addTask(text, maxAttempts = 3, variants) {
      lastNumber += 1
      const id = `01990000-0000-7000-8000-${String(lastNumber).padStart(12, '0')}`
      const stored = await clients.storage.putBlob({
        params: { key: id, stage: 'pre' },
        querystring: {},
        headers: { 'content-type': 'image/png' },
        body: Buffer.from(text),
      })
      if (stored.status !== 201) assert.fail('the original was not stored')
      const original = { ...stored.body, width: 1, height: 1, frames: 1 }
      const operations = [{ name: 'swap-channels', order: 'bgr' } as const]
      const outputs = { operations, ...(variants && { variants }) }
      const body = { state: 'not-started', ...outputs, original, maxAttempts } as const
      await clients.taskDb.putTask({ params: { id }, body })
      return id
    },
    untilState: (id, state) =>
      until(`${id} is ${state}`, async () => {
        const task = await taskOf(id)
        return task.state === state && task
      }),
    async resultOf(id, variant) {
      const params = { key: outputKey(id, variant), stage: 'post' } as const
      const reply = await clients.storage.getBlob({ params, headers: {} })
      return reply.status === 200 ? reply.body.text() : undefined
    },
    async takeOver(id) {
      const { claims } = await taskOf(id)
      await clients.taskDb.putTask({ params: { id }, body: { state: 'returned', token: claims } })
      const body = { worker: 'another', leaseMs: 60_000, decodes: ['variants'] }
      const claimed = await clients.taskDb.claimTask({ querystring: {}, body })
      if (claimed.status !== 200) assert.fail('there was no task to take over')
      assert.equal(claimed.body.id, id)
      return claimed.body.claims
    },
  }
}
