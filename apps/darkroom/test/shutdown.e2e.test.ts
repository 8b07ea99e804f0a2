import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import {
  childrenOf,
  generateImage,
  httpRequest,
  isRunning,
  procIsMissing,
  startDarkroom,
  until,
} from '@darkroom/testing'
import { makePictures, smallPictures } from './album.ts'
import { assertAllDeveloped, beginDevelopment } from './development.ts'
import { prepareFleet } from './fleet.ts'
import { upload } from './uploads.ts'

const count = 40
/** A worker needs at least a second for it. */
const slow = { kind: 'webp-lossless', width: 1500, height: 1000 } as const

/** The states of all tasks, read from the database while the services are stopped. */
function statesOnDisk(dataDir: string): string[] {
  using database = new DatabaseSync(join(dataDir, 'task-db.sqlite'))
  return database
    .prepare('SELECT state FROM tasks')
    .all()
    .map(({ state }) => String(state))
}

test('SIGTERM lets images in progress finish; the others are developed after a restart', {
  skip: procIsMissing,
}, async t => {
  const pictures = await makePictures([...smallPictures(count), slow, { ...slow, height: 1001 }])
  const darkroom = await startDarkroom(t)
  const development = beginDevelopment(darkroom.url, pictures.reverse(), 8)
  await until('some are being worked on', async () => {
    const { images } = (await httpRequest(darkroom.url, '/images?state=in-progress')).json()
    return (images as unknown[]).length > 0
  })
  const [worker] = childrenOf(darkroom.program.pid)
  assert.ok(worker !== undefined)

  assert.equal(await darkroom.stop(), 0, darkroom.program.stdout)
  assert.equal(isRunning(worker), false)
  const states = statesOnDisk(darkroom.dataDir)
  assert.ok(states.length > 0 && !states.includes('in-progress'), states.join())

  await darkroom.restart()
  await development.ended
  assert.equal(development.accepted.size, pictures.length)
  await assertAllDeveloped(darkroom.url, development.accepted)
})

/** Starts Darkroom and waits until it works on an image. Returns it, and the process that works on the image. */
async function startWorking(t: TestContext, settings: Record<string, string> = {}) {
  const image = await generateImage({ ...slow, seed: 1 })
  const darkroom = await startDarkroom(t, settings)
  const id = await upload(darkroom.url, image)
  const [worker] = childrenOf(darkroom.program.pid)
  assert.ok(worker !== undefined)
  await until(
    'it is being worked on',
    async () => (await httpRequest(darkroom.url, `/images/${id}`)).json().state === 'in-progress',
  )
  return { darkroom, worker }
}

test('SIGTERM to every process at once, as systemd sends it, lets the image in progress finish', {
  skip: procIsMissing,
}, async t => {
  const { darkroom, worker } = await startWorking(t)

  process.kill(worker, 'SIGTERM')
  assert.equal(await darkroom.stop(), 0, darkroom.program.stdout)
  assert.deepEqual(statesOnDisk(darkroom.dataDir), ['finished'])
})

test('a second SIGTERM ends everything at once, with exit code 1', { skip: procIsMissing }, async t => {
  const { darkroom, worker } = await startWorking(t, { LOG_LEVEL: 'info' })

  darkroom.program.signal('SIGTERM')
  await until('it is draining', () => darkroom.program.stdout.includes('draining'))
  assert.equal(await darkroom.stop(), 1)
  await until('the worker is gone too', () => !isRunning(worker))
})

test('SIGTERM to a service that holds idle long polls ends it with exit code 0, without waiting for them', async t => {
  const fleet = await prepareFleet(t)
  // A poll lasts 25 s, so a service that waited for it would have to be forced to end.
  const services = await fleet.startAllButWorker({ DRAIN_MS: '15000' })
  const { frontend, 'image-master': master, 'kv-config': kv, storage, 'task-db': taskDb } = services
  const polls = [
    fleet.ask(master, '/getWork?worker=idle&wait=50').then(({ status }) => status),
    fleet.ask(kv, '/keys?prefix=none&wait=50').then(({ status }) => status),
    fleet
      .ask(taskDb, '/tasks/claim?wait=50', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ worker: 'idle', leaseMs: 1000 }),
      })
      .then(({ status }) => status),
  ]
  // Responses come in the order of requests, so the polls have arrived.
  for (const { url } of [master, kv, taskDb]) await httpRequest(url, '/healthz')

  for (const service of [frontend, master, storage, taskDb, kv]) {
    service.signal('SIGTERM')
    assert.equal((await service.ended).code, 0, service.stdout)
  }
  assert.deepEqual(await Promise.all(polls), [204, 200, 204])
})
