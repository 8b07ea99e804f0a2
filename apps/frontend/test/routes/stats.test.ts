import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { problemType, Stats } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { generateImage, until } from '@darkroom/testing'
import { startGuarded } from '../access/start-guarded.ts'
import { failNext, finishNext, startFrontend, takeWork } from '../start-frontend.ts'

const image = await generateImage({ kind: 'png', width: 8, height: 8, seed: 1 })
const frontend = await startFrontend({ after })

async function readStats(): Promise<Stats> {
  const { status, json } = await frontend.ask('/stats')
  assert.equal(status, 200)
  return Value.Parse(Stats, json())
}

test('the stats have the counts of tasks, the outcomes of the last hour, the workers and the services', async () => {
  for (let n = 0; n < 4; n++) await frontend.ask('/images', { method: 'POST', body: image })
  await finishNext(frontend, image)
  const type = problemType('undecodable')
  await failNext(frontend, { type, title: 'Undecodable', detail: 'cut off' })
  const { id } = await takeWork(frontend)
  const { images, queue, intake, lastHour, workers, services, disk } = await readStats()
  assert.deepEqual(images, { 'not-started': 1, 'in-progress': 1, finished: 1, failed: 1 })
  assert.deepEqual([queue?.waiting, queue?.limit, queue?.limitPerOwner], [1, 10_000, 5000])
  assert.ok(Math.abs(Date.parse(queue?.oldestAt ?? '') - Date.now()) < 60_000)
  assert.equal(intake, 'open')
  assert.deepEqual([lastHour?.finished, lastHour?.failed], [1, 1])
  assert.deepEqual(lastHour?.failures, [{ type, count: 1 }])
  assert.equal(lastHour?.milliseconds.total.count, 1)
  const [worker] = workers ?? []
  assert.deepEqual([worker?.name, worker?.isRegistered, worker?.work[0]?.image], ['w', false, id])
  assert.ok(Math.abs(Date.parse(worker?.work[0]?.since ?? '') - Date.now()) < 60_000)
  const engines = Object.fromEntries((services ?? []).map(({ service, engine }) => [service, engine]))
  assert.equal(engines['task-db'], 'sqlite')
  assert.equal(engines.storage, 'file')
  assert.equal(engines['image-master'], 'task-db')
  assert.ok(services?.every(({ isReady }) => isReady))
  assert.ok((disk?.freeBytes ?? 0) > 0 && (disk?.totalBytes ?? 0) >= (disk?.freeBytes ?? 0))
})

test('a registered worker is listed with its threads, also while it has no work', async () => {
  const registration = { url: 'http://127.0.0.1:1', decodes: ['image/heic'], worker: 'idle', threads: 4 }
  await frontend.clients.kv.setKey({
    params: { '*': 'services/image-worker/idle-1' },
    querystring: { ttl: 60 },
    headers: {},
    body: Buffer.from(JSON.stringify(registration)),
  })
  const { workers } = await until('the stats are new', async () => {
    const stats = await readStats()
    return stats.workers?.some(({ name }) => name === 'idle') && stats
  })
  const idle = workers?.find(({ name }) => name === 'idle')
  const { worker: name, ...rest } = registration
  assert.deepEqual(idle, { name, isRegistered: true, ...rest, work: [] })
})

test('the stats name a service that does not answer, and are otherwise complete', async () => {
  await frontend.clients.kv.setKey({
    params: { '*': 'services/cluster-state/gone' },
    querystring: { ttl: 60 },
    headers: {},
    body: Buffer.from(JSON.stringify({ url: 'http://user:secret@127.0.0.1:1' })),
  })
  const stats = await until('the stats are new', async () => {
    const read = await readStats()
    return read.services?.some(({ instance }) => instance === 'gone') && read
  })
  const gone = stats.services?.find(({ instance }) => instance === 'gone')
  assert.deepEqual([gone?.isReady, gone?.url], [false, 'http://127.0.0.1:1'])
  assert.match(gone?.problem ?? '', /does not answer/)
  assert.ok(stats.images && stats.lastHour)
})

test('only operators see the stats', async t => {
  const guarded = await startGuarded(t)
  const user = await guarded.makeKey({ owner: 'alice' })
  const operator = await guarded.makeKey({ role: 'operator' })
  const refused = await guarded.askWith(user.key, '/stats')
  assert.deepEqual([refused.status, refused.json().type], [403, problemType('operators-only')])
  assert.equal((await guarded.askWith(operator.key, '/stats')).status, 200)
})
