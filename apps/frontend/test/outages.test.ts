// Slow: it waits for services that do not answer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { intakeRegister } from '@darkroom/contracts'
import { logger } from '@darkroom/image-master/testing'
import { generateImage, type HttpResponse, until } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import { filePart, formData, formHeaders } from './form-data.ts'
import { type Frontend, startFrontend, taskCount } from './start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

function upload({ ask }: Frontend): Promise<HttpResponse> {
  return ask('/images', { method: 'POST', body: png })
}

function assertUnavailable({ status, headers, body }: HttpResponse): void {
  assert.equal(status, 503, String(body))
  assert.ok(Number(headers['retry-after']) > 0)
}

const needed = { 'a master': 'master', 'a task DB': 'taskDb', 'a storage': 'storage' } as const

for (const [what, name] of Object.entries(needed))
  test(`without ${what}, the frontend is alive but not ready, and names what is missing`, async t => {
    const frontend = await startFrontend(t)
    assert.equal((await frontend.ask('/readyz')).status, 200)
    await frontend[name].close()
    assert.equal((await frontend.ask('/healthz')).status, 200)
    const response = await frontend.ask('/readyz')
    assertUnavailable(response)
    assert.match(String(response.json().detail), new RegExp(frontend[name].name))
  })

test('without a master, uploads return 503 with Retry-After long before a client gives up', async t => {
  const frontend = await startFrontend(t)
  await frontend.master.close()
  const long = Buffer.concat([png, Buffer.alloc(300_000)])
  const startedAt = performance.now()
  const uploads = [
    { path: '/images', body: png },
    { path: '/newImage', body: png },
    { path: '/images', headers: formHeaders, body: formData(filePart(long)) },
  ]
  const responses = uploads.map(({ path, ...upload }) => frontend.ask(path, { method: 'POST', ...upload }))
  for (const response of await Promise.all(responses)) assertUnavailable(response)
  const twoFiles = formData(filePart(long), filePart(long))
  const { status } = await frontend.ask('/images', { method: 'POST', headers: formHeaders, body: twoFiles })
  assert.ok([400, 503].includes(status), `${status}`)
  assert.equal((await frontend.ask('/image/isReady?id=x')).status, 503)
  assert.ok(performance.now() - startedAt < 30_000)
})

test('an upload is accepted even if the task DB stops while it waits', async t => {
  const frontend = await startFrontend(t)
  const headers = { prefer: 'wait=50' }
  const uploading = frontend.ask('/images', { method: 'POST', headers, body: png })
  await until('there is a task', async () => (await taskCount(frontend)) === 1)
  await frontend.taskDb.close()
  const { status, json } = await uploading
  assert.deepEqual([status, json().state], [202, 'not-started'])
})

test('while the storage does not answer, the bytes return 503 with Retry-After', async t => {
  const frontend = await startFrontend(t)
  const { id } = (await upload(frontend)).json()
  await frontend.storage.close()
  assertUnavailable(await frontend.ask(`/images/${id}/original`))
})

test('without cluster-state, uploads are accepted; if cluster-state stops, the last state stays', async t => {
  const frontend = await startFrontend(t, {}, { intakeCheckMs: 20 })
  await frontend.clusterState.close()
  const early = buildApp({ clients: frontend.clients, logger, accessMode: 'open', intakeCheckMs: 60_000 })
  frontend.defer(() => early.close())
  const headers = { host: 'localhost', 'content-type': 'image/png' }
  const response = await early.inject({ method: 'POST', url: '/images', headers, payload: png })
  assert.equal(response.statusCode, 202)

  const node = await frontend.startClusterState()
  await frontend.clients.clusterState.putRegister({ params: { name: intakeRegister }, body: 'paused' })
  await until('the intake is paused', async () => (await upload(frontend)).status === 503)
  await node.close()
  await until('nobody answers', () =>
    frontend.clients.clusterState.listMembers({}).then(
      () => false,
      () => true,
    ),
  )
  assert.equal((await upload(frontend)).status, 503)
})

test('an image is deleted even if the response of the task DB is lost, and the deletion is repeated', async t => {
  const frontend = await startFrontend(t)
  const { clusterState, imageMaster, kv, storage, taskDb } = frontend.clients
  const deleteTask: typeof taskDb.deleteTask = async call => {
    await taskDb.deleteTask(call)
    return taskDb.deleteTask(call)
  }
  const app = buildApp({
    clients: { clusterState, imageMaster, kv, storage, taskDb: { ...taskDb, deleteTask } },
    logger,
    accessMode: 'open',
    intakeCheckMs: 1000,
  })
  t.after(() => app.close())
  const { json } = await upload(frontend)
  const url = `/images/${json().id}`
  assert.equal((await app.inject({ method: 'DELETE', url })).statusCode, 204)
  assert.equal((await app.inject({ method: 'DELETE', url })).statusCode, 404)
})
