import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, suite, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { defaultOperations, type Task } from '@darkroom/contracts'
import { generateImage, type HttpAnswer, imageKinds } from '@darkroom/testing'
import sharp from 'sharp'
import { nothingStored, startMaster, storedKeys, upload } from '../start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const settings = { MAX_UPLOAD_BYTES: '500000' }
const [master, refusing] = await Promise.all([
  startMaster({ after }, settings),
  startMaster({ after }, settings),
])
/** Longer than the head, which is checked before anything is stored. */
const long = 300_000

function assertRefused(answer: HttpAnswer, status: number, code: string): void {
  assert.equal(answer.status, status, String(answer.body))
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(answer.json().type, `urn:darkroom:problem:${code}`)
  assert.equal(answer.json().status, status)
}

function taskOf(answer: HttpAnswer): Task {
  assert.equal(answer.status, 202, String(answer.body))
  return answer.json() as unknown as Task
}

async function* chunksOf(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** A decompression bomb: a small PNG that unpacks to a large image. */
function bomb(side: number): Buffer {
  const chunk = (type: string, body: Uint8Array) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length)
    return Buffer.concat([length, Buffer.from(type), body, Buffer.alloc(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(1000)))])
}

/** A TIFF whose directory would begin after the end of the file. */
function tiffThatEndsEarly(bytes: number): Buffer {
  const tiff = Buffer.alloc(bytes)
  tiff.write('II*\0', 'latin1')
  tiff.writeUInt32LE(bytes + 100, 4)
  return tiff
}

const refusals: { name: string; body: Uint8Array; query?: string; status: number; code: string }[] = [
  { name: 'an empty body', body: new Uint8Array(), status: 400, code: 'empty-body' },
  { name: 'a text', body: Buffer.from('no image'), status: 415, code: 'not-an-image' },
  { name: 'a long text', body: Buffer.alloc(long, 'no image '), status: 415, code: 'not-an-image' },
  {
    name: 'an SVG',
    body: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    status: 415,
    code: 'not-an-image',
  },
  { name: 'a PNG of eight bytes', body: png.subarray(0, 8), status: 422, code: 'malformed-image' },
  {
    name: 'a short TIFF that ends early',
    body: tiffThatEndsEarly(5000),
    status: 422,
    code: 'malformed-image',
  },
  {
    name: 'a long TIFF that ends early',
    body: tiffThatEndsEarly(long),
    status: 422,
    code: 'malformed-image',
  },
  { name: 'too many pixels', body: bomb(20_000), status: 422, code: 'too-many-pixels' },
  {
    name: 'too many bytes',
    body: Buffer.concat([png, Buffer.alloc(600_000)]),
    status: 413,
    code: 'too-large',
  },
  {
    name: 'unknown operations',
    body: png,
    query: '?operations=solarise',
    status: 400,
    code: 'invalid-operations',
  },
  { name: 'no operations', body: png, query: '?operations=', status: 400, code: 'invalid-operations' },
  { name: 'an unknown parameter', body: png, query: '?operation=x', status: 400, code: 'invalid-request' },
]

suite('accepting images', () => {
  for (const { name, body, query = '', status, code } of refusals) {
    test(`${name} is refused with ${status} ${code}`, async () => {
      assertRefused(await upload(refusing, body, { query }), status, code)
      assertRefused(await upload(refusing, chunksOf(body), { query }), status, code)
    })
  }

  test('refused uploads leave no bytes and no tasks', async () => {
    assert.deepEqual(await storedKeys(refusing), nothingStored)
    const { body } = await refusing.clients.taskDb.listTasks({ querystring: {} })
    assert.deepEqual(body.tasks, [])
  })

  test('a length that is too large is refused before a byte is read', async t => {
    const { hostname, port } = new URL(master.url)
    const socket = connect(Number(port), hostname)
    t.after(() => socket.destroy())
    socket.write('POST /newImage HTTP/1.1\r\nhost: x\r\ncontent-length: 500001\r\n\r\n')
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1.1 413 .*urn:darkroom:problem:too-large/s)
  })

  test('a client that sends everything before it reads still gets the answer to a refused upload', async t => {
    const { hostname, port } = new URL(master.url)
    const socket = connect(Number(port), hostname).pause()
    t.after(() => socket.destroy())
    const bytes = 20_000_000
    socket.write(
      `POST /newImage HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n`,
    )
    const hasSent = new Promise(resolve => socket.write(Buffer.alloc(bytes, 'no image '), resolve))
    await hasSent
    socket.write('\r\n0\r\n\r\n')
    socket.resume()
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1.1 415 /)
  })

  test('an image of exactly the allowed size is accepted', async () => {
    const body = Buffer.concat([png, Buffer.alloc(500_000 - png.length)])
    assert.equal(taskOf(await upload(master, body)).original.bytes, 500_000)
  })

  for (const kind of imageKinds) {
    test(`a ${kind} image becomes a task, and its bytes are stored as they came`, async () => {
      const bytes = await generateImage({ kind, width: 70, height: 50, seed: 3 })
      const { id, original, ...task } = taskOf(await upload(master, chunksOf(bytes, 1000)))
      const { format } = await sharp(bytes).metadata()
      assert.deepEqual(original, {
        contentType: `image/${format === 'heif' ? 'avif' : format}`,
        bytes: bytes.length,
        width: 70,
        height: 50,
        frames: 1,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })
      assert.deepEqual([task.state, task.attempts, task.maxAttempts], ['not-started', 0, 3])
      assert.deepEqual(task.operations, defaultOperations)
      const stored = await master.clients.storage.getBlob({ params: { key: id, stage: 'pre' }, headers: {} })
      assert.equal(stored.status, 200)
      assert.equal(stored.headers['content-type'], original.contentType)
      assert.ok(stored.status === 200 && bytes.equals(await stored.body.bytes()))
    })
  }

  for (const orientation of [1, 3, 5, 6, 7, 8]) {
    test(`the size of an image with EXIF orientation ${orientation} is the one it is displayed with`, async () => {
      const image = sharp(png).withMetadata({ orientation })
      const { original } = taskOf(await upload(master, await image.jpeg().toBuffer()))
      assert.deepEqual([original.width, original.height], orientation >= 5 ? [30, 40] : [40, 30])
    })
  }

  test('the size of an animation is that of one frame', async () => {
    const frames = await Promise.all(
      [1, 2, 3].map(seed => generateImage({ kind: 'png', width: 20, height: 10, seed })),
    )
    const gif = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    const { original } = taskOf(await upload(master, gif))
    assert.deepEqual([original.width, original.height, original.frames], [20, 10, 3])
  })

  test('the Content-Type of the client is ignored', async () => {
    const answer = await upload(master, png, { headers: { 'content-type': 'text/html' } })
    assert.equal(taskOf(answer).original.contentType, 'image/png')
  })

  test('operations are accepted as text and as JSON', async () => {
    const operations = [
      { name: 'swap-channels', order: 'gbr' },
      { name: 'swap-channels', order: 'bgr' },
    ]
    for (const text of ['swap-channels:gbr,swap-channels', JSON.stringify(operations)]) {
      const answer = await upload(master, png, { query: `?operations=${encodeURIComponent(text)}` })
      assert.deepEqual(taskOf(answer).operations, operations)
    }
  })
})

suite('idempotency keys', () => {
  test('two owners with the same key get an image each, and see only their own', async () => {
    const send = async (query: string) =>
      String((await upload(master, png, { headers: { 'idempotency-key': 'shared' }, query })).json().id)
    const ids = [await send('?owner=alice'), await send('?owner=bob'), await send('')]
    assert.equal(new Set(ids).size, 3)
    assert.deepEqual([await send('?owner=alice'), await send('?owner=bob'), await send('')], ids)
  })

  const again = (key: string, image = png, query = '') =>
    upload(master, image, { headers: { 'idempotency-key': key }, query })

  test('the same key and image again, also at once, are one task with its bytes once', async () => {
    const before = await storedKeys(master)
    const ids = (await Promise.all([again('a'), again('a'), again('a')])).map(answer => taskOf(answer).id)
    ids.push(taskOf(await again('a')).id)
    assert.equal(new Set(ids).size, 1)
    assert.deepEqual((await storedKeys(master)).pre, [...before.pre, ...new Set(ids)].sort())
  })

  test('the same key with another image or other operations is refused with 422, and leaves nothing', async () => {
    const { id } = taskOf(await again('b'))
    const before = await storedKeys(master)
    const other = await generateImage({ kind: 'png', width: 40, height: 30, seed: 2 })
    assertRefused(await again('b', other), 422, 'idempotency-key-reused')
    assertRefused(await again('b', png, '?operations=swap-channels:gbr'), 422, 'idempotency-key-reused')
    assert.deepEqual(await storedKeys(master), before)
    assert.equal(taskOf(await again('b')).id, id)
  })

  test('the key may be used again when its image is deleted', async () => {
    const { id } = taskOf(await again('c'))
    await master.clients.taskDb.deleteTask({ params: { id } })
    assert.notEqual(taskOf(await again('c')).id, id)
  })

  test('a key that is empty or too long is refused', async () => {
    for (const key of ['', 'k'.repeat(256)]) assertRefused(await again(key), 400, 'invalid-request')
  })
})

suite('two uploads with the same id', () => {
  const newId = () => randomUUID().replace(/(?<=^.{14})./, '7')
  const givenId = newId()
  const send = (body: Uint8Array | AsyncIterable<Uint8Array>, id = givenId) =>
    upload(master, body, { query: `?id=${id}` })
  const longImage = Buffer.concat([png, Buffer.alloc(long, 1)])
  const otherImage = Buffer.concat([png, Buffer.alloc(long, 2)])

  test('with different bytes at once: only one is accepted, and its bytes are stored', async () => {
    const { promise: accepted, resolve } = Promise.withResolvers<void>()
    const slowImage = async function* () {
      yield longImage.subarray(0, 200_000)
      await accepted
      yield longImage.subarray(200_000)
    }
    const slow = send(slowImage())
    const task = taskOf(await send(otherImage))
    resolve()
    assertRefused(await slow, 422, 'idempotency-key-reused')
    const stored = await master.clients.storage.getBlob({
      params: { key: givenId, stage: 'pre' },
      headers: {},
    })
    assert.equal(stored.status, 200)
    const digest = createHash('sha256').update(otherImage).digest('hex')
    assert.deepEqual([task.original.sha256, stored.headers.etag], [digest, `"${digest}"`])
  })

  test('one after the other: the same bytes are answered with the task, others are refused', async () => {
    const { id } = taskOf(await send(otherImage))
    assert.equal(id, givenId)
    assertRefused(await send(longImage), 422, 'idempotency-key-reused')
    assertRefused(await send(png), 422, 'idempotency-key-reused')
  })

  test('with the bytes that a crash left without a task', async () => {
    const id = newId()
    for (const body of [longImage, png]) {
      const params = { key: id, stage: 'pre' } as const
      await master.clients.storage.putBlob({ params, querystring: {}, headers: {}, body })
      const task = taskOf(await send(body, id))
      assert.deepEqual([task.id, task.original.bytes, task.original.width], [id, body.length, 40])
      await master.clients.taskDb.deleteTask({ params: { id } })
    }
  })
})
