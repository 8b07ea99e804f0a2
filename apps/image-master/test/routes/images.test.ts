import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { type ImageFacts, problemType, type TaskError } from '@darkroom/contracts'
import { generateImage, httpRequest } from '@darkroom/testing'
import { startMaster, upload } from '../start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const master = await startMaster({ after })
const { storage, taskDb } = master.clients
const result = Buffer.from('the developed image')

async function isReady(id: string): Promise<unknown> {
  const { status, json } = await httpRequest(master.url, `/isReady?id=${id}`)
  assert.equal(status, 200)
  return json().status
}

function get(id: string, headers: Record<string, string> = {}, method = 'GET') {
  return httpRequest(master.url, `/get?id=${id}`, { headers, method })
}

async function uploaded(): Promise<string> {
  return String((await upload(master, png)).json().id)
}

/** Leases the next task. */
async function claim() {
  const { status, body } = await taskDb.claimTask({
    querystring: { wait: 10 },
    body: { worker: 'w', leaseMs: 60_000 },
  })
  if (status !== 200 || !body.lease) assert.fail('there was nothing to claim')
  return { id: body.id, token: body.lease.token }
}

async function finished(): Promise<string> {
  await uploaded()
  const { id, token } = await claim()
  const stored = await storage.putBlob({
    params: { key: id, stage: 'post' },
    querystring: { fence: token },
    headers: { 'content-type': 'image/png' },
    body: result,
  })
  if (stored.status !== 201) assert.fail('the result was not stored')
  const facts: ImageFacts = { ...stored.body, width: 40, height: 30, frames: 1 }
  await taskDb.putTask({ params: { id }, body: { state: 'finished', token, result: facts } })
  return id
}

async function failed(error: TaskError): Promise<string> {
  await uploaded()
  const { id, token } = await claim()
  await taskDb.putTask({ params: { id }, body: { state: 'failed', token, error, retryable: false } })
  return id
}

suite('the readiness of an image', () => {
  test('a waiting or leased task is in progress, and its result returns 409 with Retry-After', async () => {
    const id = await uploaded()
    const assertInProgress = async () => {
      assert.equal(await isReady(id), 'in progress')
      const { status, headers, json } = await get(id)
      assert.deepEqual([status, json().type], [409, problemType('not-ready')])
      assert.ok(Number(headers['retry-after']) > 0)
    }
    await assertInProgress()
    await claim()
    await assertInProgress()
  })

  test('a finished image has its bytes with their headers', async () => {
    const id = await finished()
    assert.equal(await isReady(id), 'finished')
    const { status, headers, body } = await get(id)
    assert.equal(status, 200)
    assert.ok(body.equals(result))
    assert.equal(headers['content-type'], 'image/png')
    assert.equal(headers['content-length'], String(result.length))
    assert.match(String(headers.etag), /^"[0-9a-f]{64}"$/)
    assert.ok(headers['repr-digest'])
  })

  test('the result of a finished image supports ranges, conditional requests and HEAD', async () => {
    const id = await finished()
    const part = await get(id, { range: 'bytes=4-12' })
    assert.deepEqual([part.status, String(part.body)], [206, 'developed'])
    assert.equal(part.headers['content-range'], `bytes 4-12/${result.length}`)
    const etag = String(part.headers.etag)
    const known = await get(id, { 'if-none-match': etag })
    assert.deepEqual([known.status, known.body.length, known.headers.etag], [304, 0, etag])
    const outside = await get(id, { range: 'bytes=1000-' })
    assert.deepEqual([outside.status, outside.json().type], [416, problemType('range-not-satisfiable')])
    assert.equal(outside.headers['content-range'], `bytes */${result.length}`)
    const head = await get(id, {}, 'HEAD')
    assert.deepEqual([head.status, head.body.length], [200, 0])
    assert.equal(head.headers['content-length'], String(result.length))
    assert.equal(head.headers.etag, etag)
  })

  test('the result of a failed image returns 422 with the reason', async () => {
    const error = {
      type: problemType('undecodable-image'),
      title: 'Undecodable',
      detail: 'it ends after 100 bytes',
    }
    const id = await failed(error)
    assert.equal(await isReady(id), 'failed')
    const { status, json } = await get(id)
    assert.deepEqual([status, json().title, json().detail], [422, error.title, error.detail])
  })

  test('an image of another owner returns 404', async () => {
    const id = String((await upload(master, png, { query: '?owner=alice' })).json().id)
    const { body } = await taskDb.listTasks({ querystring: { owner: 'alice' } })
    assert.deepEqual(
      body.tasks.map(task => task.id),
      [id],
    )
    const stateFor = async (query: string) =>
      (await httpRequest(master.url, `/isReady?id=${id}${query}`)).json().status
    assert.equal(await stateFor('&owner=alice'), 'in progress')
    assert.equal(await stateFor('&owner=bob'), 'not found')
    assert.equal(await stateFor(''), 'in progress')
    await claim()
  })

  test('the result of a finished image without bytes returns 404', async () => {
    const id = await finished()
    await storage.deleteBlob({ params: { key: id, stage: 'post' }, headers: {} })
    const { status, json } = await get(id)
    assert.deepEqual([status, json().type], [404, problemType('image-gone')])
  })

  for (const id of [
    '01990000-0000-7000-8000-000000000001',
    'x',
    '',
    '..%2F..%2Fetc',
    '%00',
    'é'.repeat(100),
  ]) {
    test(`no image has the id "${id.slice(0, 40)}"`, async () => {
      assert.equal(await isReady(encodeURI(decodeURIComponent(id))), 'not found')
      const { status, json } = await get(encodeURI(decodeURIComponent(id)))
      assert.deepEqual([status, json().type], [404, problemType('image-not-found')])
    })
  }

  test('an id that is missing or too long is refused', async () => {
    for (const query of ['', `?id=${'x'.repeat(201)}`, '?id=a&id=b', '?id=a&more=b']) {
      for (const path of ['/isReady', '/get'])
        assert.equal((await httpRequest(master.url, path + query)).status, 400, path + query)
    }
  })
})
