import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import {
  assertProblem,
  assertSwapped,
  generateImage,
  httpRequest,
  startDarkroom,
  until,
} from '@darkroom/testing'
import { kill, prepareFleet } from './fleet.ts'
import { stored } from './stored.ts'
import { develop, post, upload } from './uploads.ts'

const image = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })
const other = await generateImage({ kind: 'jpeg', width: 60, height: 40, seed: 2 })
const large = await generateImage({ kind: 'webp-lossless', width: 1500, height: 1000, seed: 3 })

// Shared by all tests: each uses only its own images.
const shared = { after }
const darkroom = await startDarkroom(shared)
const fleet = await prepareFleet(shared)
const { frontend, 'image-master': master, storage } = await fleet.startAllButWorker()

/** Starts a worker of the fleet for one test. */
const startWorker = () => fleet.start('image-worker', { THREADS: '1' })

test('an Idempotency-Key makes one image, also for simultaneous requests and after a restart', async () => {
  const headers = { 'idempotency-key': 'key of one image' }
  const ids = await Promise.all(Array.from({ length: 8 }, () => upload(darkroom.url, image, headers)))
  assert.equal(new Set(ids).size, 1)

  await darkroom.kill()
  await darkroom.restart()
  assert.equal(await upload(darkroom.url, image, headers), ids[0])
  assertProblem(await post(darkroom.url, other, headers), 422, 'idempotency-key-reused')

  const { images } = (await httpRequest(darkroom.url, '/images')).json()
  assert.equal((images as unknown[]).length, 1)
  await httpRequest(darkroom.url, `/images/${ids[0]}`, { headers: { prefer: 'wait=50' } })
  assert.equal(stored(darkroom.dataDir).length, 2, 'the original and the result')
})

test('Prefer: wait waits for the end of an image, and no longer', async () => {
  const worker = await startWorker()
  const posted = await post(frontend.url, image, { prefer: 'wait=50' })
  assert.equal(posted.status, 200)
  assert.equal(posted.headers['preference-applied'], 'wait=50')
  assert.equal(posted.json().state, 'finished')

  await kill(worker)
  const unfinished = await post(frontend.url, image, { prefer: 'wait=1' })
  assert.equal(unfinished.status, 202)
  assert.equal(unfinished.headers['retry-after'], '1')
  const path = `/images/${unfinished.json().id}`
  assert.equal(unfinished.headers.location, path)
  const waiting = httpRequest(frontend.url, path, { headers: { prefer: 'wait=50' } })
  const next = await startWorker()
  const { state } = (await waiting).json()
  assert.equal(state, 'finished')
  await kill(next)
})

test('deleting an image deletes its bytes, also bytes that its worker stores later', async t => {
  const worker = await startWorker()
  const others = new Set(stored(fleet.dataDir))
  const remove = (id: string) => httpRequest(frontend.url, `/images/${id}`, { method: 'DELETE' })
  const nothingIsStored = () => stored(fleet.dataDir).every(file => others.has(file))

  await t.test('deleting an image while a worker develops it deletes its bytes', async () => {
    const id = await upload(frontend.url, large)
    await until('it is worked on', async () => {
      const { body } = await httpRequest(frontend.url, '/images?state=in-progress')
      return body.includes(id)
    })
    assert.equal((await remove(id)).status, 204)
    assert.equal((await httpRequest(frontend.url, `/images/${id}`)).status, 404)
    // The only thread takes the next image when it is done with the deleted one.
    const next = String((await develop(frontend.url, image)).id)
    await remove(next)
    await until('nothing is stored', nothingIsStored)
  })

  await kill(worker)
  await t.test('deleting an image while it waits deletes its bytes and its task', async () => {
    const id = await upload(frontend.url, image)
    assert.equal((await remove(id)).status, 204)
    assert.ok(nothingIsStored())
    assert.equal((await remove(id)).status, 404)
    assert.equal((await httpRequest(frontend.url, `/images/${id}/original`)).status, 404)
    assert.equal((await fleet.ask(master, '/getWork?worker=idle')).status, 204)
  })

  await t.test('deleting an image before its worker stores the result leaves no result', async () => {
    const id = await upload(frontend.url, image)
    const work = (await fleet.ask(master, '/getWork?worker=late&wait=20')).json()
    const lease = (work.lease as { token: number }).token
    assert.equal(work.id, id)
    assert.equal((await remove(id)).status, 204)

    const stored = await fleet.ask(storage, `/images/${id}/post?fence=${lease}`, {
      method: 'PUT',
      headers: { 'content-type': 'image/png' },
      body: image,
    })
    assert.equal(stored.status, 201)
    const { bytes, sha256 } = stored.json()
    const response = await fleet.ask(master, '/workFinished', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        id,
        lease,
        result: { contentType: 'image/png', bytes, sha256, width: 60, height: 40, frames: 1 },
      }),
    })
    assert.ok(response.status < 300, response.body.toString())
    assert.ok(nothingIsStored())
  })
})

test('images are listed newest first, a page at a time, and by state', async () => {
  const { url } = darkroom
  const earlier = (await httpRequest(url, '/images')).json().images as { id: string }[]
  const ids: string[] = []
  for (let count = 0; count < 5; count++) ids.unshift(String((await develop(url, image)).id))
  const broken = image.subarray(0, image.length / 2)
  const failed = String((await develop(url, broken)).id)

  const listed: string[] = []
  const sizes: number[] = []
  for (let cursor: unknown = ''; cursor !== undefined; ) {
    const page = (await httpRequest(url, `/images?limit=4${cursor && `&cursor=${cursor}`}`)).json()
    const images = page.images as { id: string }[]
    listed.push(...images.map(({ id }) => id))
    sizes.push(images.length)
    cursor = page.next
  }
  const finished = [...ids, ...earlier.map(({ id }) => id)]
  assert.deepEqual(listed, [failed, ...finished])
  assert.deepEqual(sizes, [4, finished.length - 3])

  const byState = async (state: string) => {
    const { images } = (await httpRequest(url, `/images?state=${state}`)).json()
    return (images as { id: string }[]).map(({ id }) => id)
  }
  assert.deepEqual(await byState('finished'), finished)
  assert.deepEqual(await byState('failed'), [failed])
  assert.deepEqual(await byState('not-started'), [])
  assert.equal((await httpRequest(url, '/images?state=lost')).status, 400)
})

test('results are served whole, in part, or as 304 when the client has them', async () => {
  const { url } = darkroom
  const { id, result } = await develop(url, image)
  const { sha256, bytes } = result as { sha256: string; bytes: number }
  const path = `/images/${id}/result`
  const get = (headers: Record<string, string>, method = 'GET') => httpRequest(url, path, { method, headers })

  const whole = await get({})
  const etag = `"${sha256}"`
  assert.equal(whole.status, 200)
  assert.equal(createHash('sha256').update(whole.body).digest('hex'), sha256)
  await assertSwapped(image, whole.body, { isExact: true })
  const { 'content-type': type, 'content-length': length, 'repr-digest': digest } = whole.headers
  assert.deepEqual(
    { type, length, etag: whole.headers.etag, digest },
    {
      type: 'image/png',
      length: String(bytes),
      etag,
      digest: `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    },
  )

  const head = await get({}, 'HEAD')
  assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [200, 0, String(bytes)])
  assert.equal(head.headers.etag, etag)

  const part = await get({ range: 'bytes=10-19' })
  assert.equal(part.status, 206)
  assert.equal(part.headers['content-range'], `bytes 10-19/${bytes}`)
  assert.deepEqual(part.body, whole.body.subarray(10, 20))
  assert.deepEqual((await get({ range: 'bytes=-7' })).body, whole.body.subarray(-7))
  assert.deepEqual((await get({ range: 'bytes=10-19', 'if-range': '"other"' })).body, whole.body)
  const beyond = await get({ range: `bytes=${bytes}-` })
  assert.equal(beyond.status, 416)
  assert.equal(beyond.headers['content-range'], `bytes */${bytes}`)

  const known = await get({ 'if-none-match': etag })
  assert.deepEqual([known.status, known.body.length, known.headers.etag], [304, 0, etag])
  const original = await httpRequest(url, `/images/${id}/original`)
  assert.ok(image.equals(original.body))
})

test('the three older paths work, too', async () => {
  const { url } = frontend
  const isReady = async (id: string) =>
    (await httpRequest(url, `/image/isReady?id=${encodeURIComponent(id)}`)).body.toString()

  const posted = await httpRequest(url, '/newImage', { method: 'POST', body: image })
  assert.match(String(posted.headers['content-type']), /^text\/plain/)
  const id = posted.body.toString()
  assert.equal(await isReady(id), 'in progress')
  const early = await httpRequest(url, `/image/get?id=${id}`)
  assert.deepEqual([early.status, early.headers['retry-after']], [409, '1'])

  const half = image.subarray(0, image.length / 2)
  const broken = (await httpRequest(url, '/newImage', { method: 'POST', body: half })).body.toString()
  await startWorker()
  await until('it is finished', async () => (await isReady(id)) === 'finished')
  await assertSwapped(image, (await httpRequest(url, `/image/get?id=${id}`)).body, { isExact: true })
  await until('the broken one has failed', async () => (await isReady(broken)) === 'failed')
  assert.equal((await httpRequest(url, `/image/get?id=${broken}`)).status, 422)
  assert.equal(await isReady('../nothing'), 'not found')
})
