// Slow: it sweeps many pages of images.

import assert from 'node:assert/strict'
import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { pieceKey, type Stage } from '@darkroom/contracts'
import { createLogger } from '@darkroom/service-kit'
import { generateImage, RecordedLog, until } from '@darkroom/testing'
import { listUploads } from '../../src/housekeeping/list-uploads.ts'
import { OrphanSweeper } from '../../src/housekeeping/orphan-sweeper.ts'
import { sweepExpired } from '../../src/housekeeping/sweep-expired.ts'
import { logger, type Neighbours, startNeighbours } from '../neighbours.ts'
import { idOf, never } from '../queue/sample-tasks.ts'
import { error, facts } from '../sample-facts.ts'
import { nothingStored, startMaster, storedKeys, upload } from '../start-master.ts'

const hourMs = 3_600_000
const later = () => new Date(Date.now() + hourMs)
const earlier = () => new Date(Date.now() - hourMs)

function dependenciesOf({ clients: { storage, taskDb } }: Neighbours, signal = never) {
  return { storage, taskDb, logger, signal }
}

async function store({ clients: { storage } }: Neighbours, key: string, ...stages: Stage[]): Promise<void> {
  for (const stage of stages)
    await storage.putBlob({ params: { key, stage }, querystring: {}, headers: {}, body: Buffer.from('x') })
}

async function makeTask({ clients: { taskDb } }: Neighbours, id: string): Promise<void> {
  const operations = [{ name: 'swap-channels', order: 'bgr' } as const]
  const body = { state: 'not-started', operations, original: facts, maxAttempts: 1 } as const
  await taskDb.putTask({ params: { id }, body })
}

async function fail({ clients: { taskDb } }: Neighbours, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { status, body } = await taskDb.claimTask({
      querystring: {},
      body: { worker: 'w', leaseMs: 60_000 },
    })
    if (status !== 200 || !body.lease) assert.fail('there was nothing to claim')
    const failed = { state: 'failed', token: body.lease.token, error, retryable: false } as const
    await taskDb.putTask({ params: { id: body.id }, body: failed })
  }
}

suite('expired images', () => {
  test('expired images are deleted with their bytes, page by page; others stay', async t => {
    const neighbours = await startNeighbours(t)
    const count = 230
    for (let n = 1; n <= count + 2; n++) await makeTask(neighbours, idOf(n))
    await fail(neighbours, count)
    for (const n of [1, 100, count]) await store(neighbours, idOf(n), 'pre', 'post')
    await store(neighbours, idOf(count + 1), 'pre')
    assert.equal(await sweepExpired(earlier(), dependenciesOf(neighbours)), 0)
    assert.equal(await sweepExpired(later(), dependenciesOf(neighbours)), count)
    const { body } = await neighbours.clients.taskDb.listTasks({ querystring: {} })
    assert.deepEqual(
      body.tasks.map(({ id }) => id),
      [idOf(count + 2), idOf(count + 1)],
    )
    assert.deepEqual(await storedKeys(neighbours), { pre: [idOf(count + 1)], post: [] })
  })

  test('expired images may be swept by two masters at once', async t => {
    const neighbours = await startNeighbours(t)
    for (let n = 1; n <= 20; n++) await makeTask(neighbours, idOf(n))
    await fail(neighbours, 20)
    const sweeps = [1, 2].map(() => sweepExpired(later(), dependenciesOf(neighbours)))
    const counts = await Promise.all(sweeps)
    assert.ok(counts.reduce((sum, count) => sum + count) >= 20)
    assert.deepEqual((await neighbours.clients.taskDb.listTasks({ querystring: {} })).body.tasks, [])
  })

  test('expired images are left for the next sweep when a sweep is aborted', async t => {
    const neighbours = await startNeighbours(t)
    await makeTask(neighbours, idOf(1))
    await fail(neighbours, 1)
    await store(neighbours, 'orphan', 'pre')
    const dependencies = dependenciesOf(neighbours, AbortSignal.abort())
    assert.equal(await sweepExpired(later(), dependencies), 0)
    const orphans = new OrphanSweeper({
      ...dependencies,
      listUploads: async () => new Set(),
      ageMs: 0,
      retentionMs: () => 0,
    })
    assert.equal((await orphans.sweep()) + (await orphans.sweep()), 0)
    assert.deepEqual((await storedKeys(neighbours)).pre, ['orphan'])
  })
})

suite('bytes without a task', () => {
  test('bytes without a task are deleted after a while, and the bytes of tasks stay', async t => {
    const neighbours = await startNeighbours(t)
    await makeTask(neighbours, idOf(1))
    for (const key of [idOf(1), idOf(2), 'no-id-at-all']) await store(neighbours, key, 'pre', 'post')
    const { orphans, clock } = sweeperOf(neighbours)
    assert.equal(await orphans.sweep(), 0)
    clock.now += hourMs - 1
    await store(neighbours, idOf(3), 'pre')
    assert.equal(await orphans.sweep(), 0)
    clock.now += 1
    assert.equal(await orphans.sweep(), 4)
    assert.deepEqual(await storedKeys(neighbours), { pre: [idOf(1), idOf(3)], post: [idOf(1)] })
    clock.now += hourMs - 1
    assert.equal(await orphans.sweep(), 1)
    assert.deepEqual((await storedKeys(neighbours)).pre, [idOf(1)])
  })

  test('bytes without a task include the bytes of variants only if the image of the variant has no task', async t => {
    const neighbours = await startNeighbours(t)
    await makeTask(neighbours, idOf(1))
    for (const key of [`${idOf(1)}_thumb`, `${idOf(2)}_thumb`, `${idOf(2)}_a_b`])
      await store(neighbours, key, 'post')
    const { orphans, clock } = sweeperOf(neighbours)
    await orphans.sweep()
    clock.now += hourMs
    assert.equal(await orphans.sweep(), 2)
    assert.deepEqual((await storedKeys(neighbours)).post, [`${idOf(1)}_thumb`])
  })

  test('bytes that are dated by the start of a long upload stay until their task is created', async t => {
    const neighbours = await startNeighbours(t)
    const { orphans, clock } = sweeperOf(neighbours)
    await orphans.sweep()
    clock.now += 10 * hourMs
    await store(neighbours, idOf(1), 'pre')
    makeOlder(neighbours, idOf(1))
    assert.equal(await orphans.sweep(), 0)
    assert.equal(await sweeperOf(neighbours).orphans.sweep(), 0) // another master, or the same after a restart
    await makeTask(neighbours, idOf(1))
    clock.now += 10 * hourMs
    assert.equal(await orphans.sweep(), 0)
    assert.deepEqual((await storedKeys(neighbours)).pre, [idOf(1)])
  })

  test('bytes without a task may be swept by two masters', async t => {
    const neighbours = await startNeighbours(t)
    for (let n = 1; n <= 20; n++) await store(neighbours, idOf(n), 'pre')
    const masters = [sweeperOf(neighbours), sweeperOf(neighbours)]
    await Promise.all(masters.map(({ orphans }) => orphans.sweep()))
    for (const { clock } of masters) clock.now += hourMs
    const counts = await Promise.all(masters.map(({ orphans }) => orphans.sweep()))
    assert.ok(counts.reduce((sum, count) => sum + count) >= 20)
    assert.deepEqual(await storedKeys(neighbours), nothingStored)
  })

  test('bytes without a task are found on every page of a long listing', async t => {
    const neighbours = await startNeighbours(t)
    const { clients } = neighbours
    const keys = Array.from({ length: 25 }, (_, n) => idOf(n + 1))
    for (const key of keys) await store(neighbours, key, 'pre')
    await makeTask(neighbours, idOf(13))
    const listBlobs: typeof clients.storage.listBlobs = ({ querystring }) =>
      clients.storage.listBlobs({ querystring: { ...querystring, limit: 4 } })
    const { orphans, clock } = sweeperOf(neighbours, { ...clients.storage, listBlobs })
    assert.equal(await orphans.sweep(), 0)
    clock.now += hourMs
    assert.equal(await orphans.sweep(), 24)
    assert.deepEqual(await storedKeys(neighbours), { pre: [idOf(13)], post: [] })
  })

  test('bytes without a task are kept as long as images if most bytes have no task, as after the loss of the task DB', async t => {
    const neighbours = await startNeighbours(t)
    await makeTask(neighbours, idOf(1))
    for (let n = 1; n <= 40; n++) await store(neighbours, idOf(n), 'pre')
    const { orphans, clock, log } = sweeperOf(neighbours)
    for (let hours = 0; hours < 24; hours += 8) {
      assert.equal(await orphans.sweep(), 0)
      clock.now += 8 * hourMs
    }
    assert.equal(log.errors.length, 1)
    assert.match(String(log.errors[0]?.msg), /no task.*check TASK_STORE_URL/)
    for (let n = 2; n <= 30; n++) await makeTask(neighbours, idOf(n)) // a part of the task DB is restored
    assert.equal(await orphans.sweep(), 10)
    assert.equal((await storedKeys(neighbours)).pre.length, 30)
  })

  test('bytes that lost their task DB are kept as long, even if there are soon more new images', async t => {
    const neighbours = await startNeighbours(t)
    for (let n = 1; n <= 40; n++) await store(neighbours, idOf(n), 'pre')
    const { orphans, clock } = sweeperOf(neighbours)
    await orphans.sweep()
    for (let n = 41; n <= 81; n++) {
      await makeTask(neighbours, idOf(n))
      await store(neighbours, idOf(n), 'pre')
    }
    for (let hours = 0; hours < 24; hours += 8) {
      assert.equal(await orphans.sweep(), 0)
      clock.now += 8 * hourMs
    }
    assert.equal(await orphans.sweep(), 40)
  })

  test('bytes of unfinished uploads stay, and are deleted when the upload has ended', async t => {
    const neighbours = await startNeighbours(t)
    const [open, ended, finished] = [idOf(1), idOf(2), idOf(3)]
    await makeTask(neighbours, finished)
    const keys = [open, ended, finished].map(id => pieceKey(id, 8, 'ab12'))
    for (const key of [...keys, finished]) await store(neighbours, key, 'pre')
    const params = { '*': `uploads/alice/${open}` }
    await neighbours.clients.kv.setKey({ params, querystring: {}, headers: {}, body: Buffer.from('{}') })
    const { orphans, clock } = sweeperOf(neighbours)
    await orphans.sweep()
    clock.now += hourMs
    assert.equal(await orphans.sweep(), 2)
    assert.deepEqual((await storedKeys(neighbours)).pre.sort(), [keys[0], finished].sort())
    await neighbours.clients.kv.deleteKey({ params, headers: {} })
    await orphans.sweep()
    clock.now += hourMs
    assert.equal(await orphans.sweep(), 1)
    assert.deepEqual((await storedKeys(neighbours)).pre, [finished])
  })

  /** A sweeper that leaves bytes alone for an hour of a clock that the test moves. */
  function sweeperOf(neighbours: Neighbours, storage = neighbours.clients.storage) {
    const clock = { now: 0 }
    const dependencies = {
      ...dependenciesOf(neighbours),
      listUploads: () => listUploads(neighbours.clients.kv),
      storage,
    }
    const retentionMs = () => 24 * hourMs
    const log = new RecordedLog()
    const orphans = new OrphanSweeper({
      ...dependencies,
      logger: createLogger('image-master', 'info', log),
      ageMs: hourMs,
      retentionMs,
      now: () => clock.now,
    })
    return { orphans, clock, log }
  }

  /** Sets the date of the file two hours back, as S3 may date an object by the start of its upload. */
  function makeOlder({ dataDir }: Neighbours, key: string): void {
    const folder = join(dataDir, 'storage')
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (path.endsWith(key)) utimesSync(join(folder, path), new Date(), new Date(Date.now() - 2 * hourMs))
  }
})

suite('housekeeping', () => {
  test('housekeeping sweeps by itself, and continues after an outage of the task DB', async t => {
    const settings = { SWEEP_MS: '20', ORPHAN_SWEEP_MS: '20', ORPHAN_AGE_MS: '0', RETENTION_SECONDS: '0.001' }
    const master = await startMaster(t, settings)
    const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
    await upload(master, png)
    await fail(master, 1)
    await store(master, 'orphan', 'pre', 'post')
    const isClean = async () => {
      const { pre, post } = await storedKeys(master)
      return pre.length === 0 && post.length === 0
    }
    await until('all is swept', isClean)
    await master.taskDb.close()
    await store(master, 'orphan', 'pre')
    await master.startTaskDb()
    await until('all is swept again', isClean)
    assert.deepEqual(await storedKeys(master), nothingStored)
  })
})
