import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { ImageStatus, problemType } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { blobNames } from '@darkroom/image-master/testing'
import { generateImage, until } from '@darkroom/testing'
import { failNext, finishNext, startFrontend, takeWork, taskCount, uploadImage } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startFrontend({ after }, { LEASE_MS: '60000' })
const { ask } = frontend
const unknownIds = ['01990000-0000-7000-8000-000000000001', 'x', '%2e%2e%2fetc', '%00', 'x'.repeat(500)]
const error = {
  type: problemType('undecodable-image'),
  title: 'Undecodable',
  detail: 'it ends after 100 bytes',
}

const upload = (headers?: Record<string, string>) => uploadImage(frontend, png, headers)

async function statusOf(id: string) {
  const { status, headers, json } = await ask(`/images/${id}`)
  assert.equal(status, 200)
  return { headers, document: json() }
}

suite('the status document', () => {
  test('the status document has the fields of every state, without leases, versions and keys', async () => {
    const id = await upload({ 'idempotency-key': 'a key that is secret' })
    const fields = ['id', 'state', 'operations', 'attempts', 'createdAt', 'original', 'links']
    const assertDocument = async (state: string, more: string[]) => {
      const { document, headers } = await statusOf(id)
      assert.deepEqual([document.id, document.state], [id, state])
      assert.deepEqual(Object.keys(document).sort(), [...fields, ...more].sort())
      assert.ok(Value.Check(ImageStatus, document))
      const self = `/images/${id}`
      const bytes = { original: `${self}/original`, result: `${self}/result` }
      assert.deepEqual(document.links, { self, ...bytes, events: `${self}/events` })
      assert.equal(headers['retry-after'], more.includes('finishedAt') ? undefined : '1')
      return document
    }
    const before = await assertDocument('not-started', [])
    assert.deepEqual(before.original, {
      contentType: 'image/png',
      bytes: png.length,
      width: 40,
      height: 30,
      frames: 1,
      sha256: Object(before.original).sha256,
    })
    const { lease } = await takeWork(frontend)
    await assertDocument('in-progress', ['startedAt'])
    await frontend.clients.imageMaster.workReturned({ body: { id, lease: lease.token } })
    await finishNext(frontend, Buffer.from('result'))
    const { result } = await assertDocument('finished', ['startedAt', 'finishedAt', 'result'])
    assert.deepEqual(Object.keys(Object(result)).sort(), Object.keys(Object(before.original)).sort())
  })

  test('the status document of a failed image has the reason', async () => {
    const id = await upload()
    assert.equal(await failNext(frontend, error), id)
    const { document, headers } = await statusOf(id)
    assert.deepEqual([document.state, document.error], ['failed', error])
    assert.equal(headers['retry-after'], undefined)
    assert.ok(document.finishedAt)
  })

  test('the status document with a preferred wait is answered as soon as the image has ended', async () => {
    const startedAt = performance.now()
    const id = await upload()
    const waiting = ask(`/images/${id}`, { headers: { prefer: 'wait=50' } })
    await finishNext(frontend, Buffer.from('result'))
    const { status, headers, json } = await waiting
    assert.deepEqual([status, json().state], [200, 'finished'])
    assert.equal(headers['preference-applied'], 'wait=50')
    assert.ok(performance.now() - startedAt < 25_000)
  })

  test('the status document with a preferred wait is answered unchanged when the wait has ended', async () => {
    const id = await upload()
    const { status, headers, json } = await ask(`/images/${id}`, { headers: { prefer: 'wait=1' } })
    assert.deepEqual([status, json().state, headers['retry-after']], [200, 'not-started', '1'])
    await finishNext(frontend, Buffer.from('result'))
  })

  test('the status document with a preferred wait returns 404 when the image is deleted meanwhile', async () => {
    const id = await upload()
    const waiting = ask(`/images/${id}`, { headers: { prefer: 'wait=50' } })
    assert.equal((await ask(`/images/${id}`, { method: 'DELETE' })).status, 204)
    assert.equal((await waiting).status, 404)
  })

  test('the status document with a preferred wait is answered at once when the frontend closes', async t => {
    const startedAt = performance.now()
    const own = await startFrontend(t)
    const { json } = await own.ask('/images', { method: 'POST', body: png })
    let arrived = 0
    own.app.server.on('request', () => {
      arrived += 1
    })
    const waiting = own.ask(`/images/${json().id}`, { headers: { prefer: 'wait=50' } })
    await until('it has arrived', () => arrived > 0)
    await own.app.close()
    assert.ok([200, 503].includes((await waiting).status))
    assert.ok(performance.now() - startedAt < 25_000)
  })

  for (const id of unknownIds) {
    test(`the status document of the unknown id "${id.slice(0, 40)}" returns 404`, async () => {
      for (const path of [`/images/${id}`, `/images/${id}/result`, `/images/${id}/original`]) {
        for (const method of ['GET', 'HEAD']) assert.equal((await ask(path, { method })).status, 404)
        assert.equal((await ask(path)).json().type, problemType('image-not-found'))
      }
      assert.equal((await ask(`/images/${id}`, { headers: { prefer: 'wait=50' } })).status, 404)
    })
  }
})

suite('deleting an image', () => {
  test('deleting an image deletes its task and its bytes, and returns 404 the second time', async () => {
    const [files, tasks] = [blobNames(frontend).length, await taskCount(frontend)]
    const id = await upload()
    await finishNext(frontend, Buffer.from('result'))
    assert.equal(blobNames(frontend).length, files + 2)
    for (const headers of [{ 'if-match': '"other"' }, { 'if-none-match': '*' }]) {
      const refused = await ask(`/images/${id}`, { method: 'DELETE', headers })
      assert.deepEqual([refused.status, refused.json().type], [412, problemType('precondition-failed')])
    }
    const headers = { 'if-match': '*' }
    const { status, body } = await ask(`/images/${id}`, { method: 'DELETE', headers })
    assert.deepEqual([status, body.length], [204, 0])
    assert.deepEqual([blobNames(frontend).length, await taskCount(frontend)], [files, tasks])
    for (const [path, method] of [
      [`/images/${id}`, 'DELETE'],
      [`/images/${id}`, 'GET'],
      [`/images/${id}/result`, 'GET'],
      [`/images/${id}/original`, 'GET'],
    ] as const) {
      const { status, json } = await ask(path, { method })
      assert.deepEqual([status, json().type], [404, problemType('image-not-found')], `${method} ${path}`)
    }
  })

  test('deleting an image cancels the work on it', async () => {
    const id = await upload()
    const { lease } = await takeWork(frontend)
    await ask(`/images/${id}`, { method: 'DELETE' })
    const { body } = await frontend.clients.imageMaster.extendWork({ body: { id, lease: lease.token } })
    assert.ok('cancelled' in body && body.cancelled)
  })

  for (const id of unknownIds) {
    test(`deleting an image with the unknown id "${id.slice(0, 40)}" returns 404`, async () => {
      const { status, json } = await ask(`/images/${id}`, { method: 'DELETE' })
      assert.deepEqual([status, json().type], [404, problemType('image-not-found')])
    })
  }
})

suite('the list of images', () => {
  test('the list of images is newest first, can be filtered by state, and has pages', async t => {
    const own = await startFrontend(t)
    const ids: unknown[] = []
    for (let n = 0; n < 5; n++) {
      const { json } = await own.ask('/images', {
        method: 'POST',
        headers: { 'idempotency-key': `secret ${n}` },
        body: png,
      })
      ids.unshift(json().id)
    }
    const list = async (query: string) => {
      const { status, body, json } = await own.ask(`/images${query}`)
      assert.equal(status, 200)
      assert.doesNotMatch(String(body), /secret|lease|idempotencyKey/)
      const page = json() as { images: { id: string }[]; next?: string }
      return { ids: page.images.map(({ id }) => id), next: page.next }
    }
    assert.deepEqual(await list(''), { ids, next: undefined })
    const first = await list('?limit=3')
    const second = await list(`?limit=3&cursor=${encodeURIComponent(String(first.next))}`)
    assert.deepEqual([first.ids, second.ids], [ids.slice(0, 3), ids.slice(3)])
    assert.equal(second.next, undefined)
    const { id } = await takeWork(own)
    assert.deepEqual((await list('?state=in-progress')).ids, [id])
    assert.deepEqual((await list('?state=failed')).ids, [])
  })

  for (const query of [
    '?state=lost',
    '?limit=0',
    '?limit=1001',
    '?limit=x',
    '?other=1',
    `?cursor=${'x'.repeat(2000)}`,
  ]) {
    test(`${query.slice(0, 20)} is refused`, async () => {
      const { status, json } = await ask(`/images${query}`)
      assert.deepEqual([status, json().type], [400, problemType('invalid-request')])
    })
  }

  for (const cursor of ['x', '%00', '%F0%9F%98%80', "';--"]) {
    test(`the invalid cursor "${cursor}" is refused`, async () => {
      const { status, json } = await ask(`/images?cursor=${cursor}`)
      assert.deepEqual([status, json().type], [400, problemType('invalid-cursor')])
    })
  }
})
