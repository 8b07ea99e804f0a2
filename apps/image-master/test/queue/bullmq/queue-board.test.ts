import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
import {
  generateImage,
  type HttpRequest,
  httpRequest,
  startRedis,
  until,
  withEngine,
} from '@darkroom/testing'
import { type Master, startMaster, upload } from '../../start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const token = 'a-token-of-16-characters'
const basic = `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`

await withEngine('redis', async program => {
  const redis = await startRedis({ after }, program)
  let databases = 0
  const start = (t: TestContext, settings: Record<string, string> = {}) =>
    startMaster(t, { QUEUE_URL: redis.urlOf(databases++), CLUSTER_TOKEN: token, ...settings })
  const ask = ({ url }: Master, path: string, { headers = {}, ...request }: HttpRequest = {}) =>
    httpRequest(url, path, { ...request, headers: { authorization: basic, ...headers } })
  const ready = (master: Master) =>
    until('the master is ready', async () => (await ask(master, '/readyz')).status === 200)

  suite('Bull Board', () => {
    test('Bull Board shows the jobs to clients with the cluster token, as bearer or password', async t => {
      const master = await start(t)
      await ready(master)
      const { id } = (await upload(master, png, { headers: { authorization: `Bearer ${token}` } })).json()
      for (const authorization of [basic, `Bearer ${token}`]) {
        const page = await ask(master, '/bull-board/', { headers: { authorization } })
        assert.equal(page.status, 200)
        assert.match(String(page.body), /<title>Darkroom<\/title>/)
        const list = await ask(master, '/bull-board/api/queues?activeQueue=tasks&page=1&jobsPerPage=10')
        assert.ok(String(list.body).includes(String(id)))
      }
      for (const path of ['/bull-board/', '/bull-board/api/queues', '/bull-board/static/favicon.ico']) {
        const refused = await ask(master, path, { headers: { authorization: 'Basic eDp5' } })
        assert.equal(refused.status, 401, path)
        assert.match(String(refused.headers['www-authenticate']), /^Basic /)
      }
      assert.equal((await ask(master, '/getWork?worker=w')).status, 401, 'other routes accept no password')
    })

    test('Bull Board needs nothing from the internet', async t => {
      const master = await start(t)
      const page = await ask(master, '/bull-board/')
      const policy = String(page.headers['content-security-policy'])
      assert.match(policy, /default-src 'self'/)
      assert.doesNotMatch(policy, /https?:/)
      const files = [...String(page.body).matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, file]) => file)
      assert.ok(files.length >= 5)
      for (const file of files) assert.equal((await ask(master, `/bull-board/${file}`)).status, 200, file)
    })

    test('Bull Board is read-only by default, and always for pages of other sites', async t => {
      const pause = (master: Master, headers: Record<string, string> = {}) =>
        ask(master, '/bull-board/api/queues/tasks/pause', { method: 'PUT', headers })
      const readOnly = await start(t)
      await ready(readOnly)
      assert.equal((await pause(readOnly)).status, 405)
      const readWrite = await start(t, { BULL_BOARD: 'read-write' })
      await ready(readWrite)
      assert.equal((await pause(readWrite, { origin: 'https://evil.example' })).status, 403)
      assert.equal((await pause(readWrite, { origin: 'null' })).status, 403)
      assert.equal((await pause(readWrite, { origin: readWrite.url })).status, 200)
    })

    test('Bull Board returns 404 when it is off, and without Redis', async t => {
      const off = await start(t, { BULL_BOARD: 'off' })
      const headers = { authorization: `Bearer ${token}` }
      assert.equal((await ask(off, '/bull-board/', { headers })).status, 404)
      const embedded = await start(t, { QUEUE_URL: 'task-db:' })
      assert.equal((await ask(embedded, '/bull-board/', { headers })).status, 404)
    })
  })

  test('measurements count the jobs in each state', async t => {
    const master = await start(t)
    await ready(master)
    const authorization = `Bearer ${token}`
    await upload(master, png, { headers: { authorization } })
    const { body } = await ask(master, '/metrics', { headers: { authorization } })
    assert.match(String(body), /^darkroom_queue_jobs\{state="prioritized"\} 1$/m)
    assert.match(String(body), /^darkroom_queue_jobs\{state="active"\} 0$/m)
  })
})
