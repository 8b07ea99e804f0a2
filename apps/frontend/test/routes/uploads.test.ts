import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, suite, test } from 'node:test'
import { blobNames } from '@darkroom/image-master/testing'
import { assertProblem, generateImage, type HttpResponse, until } from '@darkroom/testing'
import { filePart, formData, formHeaders, openForm, operationsPart } from '../form-data.ts'
import { finishNext, startFrontend, taskCount } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startFrontend({ after }, { MAX_UPLOAD_BYTES: '500000' })

interface Upload {
  headers?: OutgoingHttpHeaders
  path?: string
}

function post(body: Uint8Array | AsyncIterable<Uint8Array>, { headers = {}, path = '/images' }: Upload = {}) {
  return frontend.ask(path, { method: 'POST', headers, body })
}

function postForm(body: Uint8Array, { headers = {}, path }: Upload = {}) {
  return post(body, { headers: { ...formHeaders, ...headers }, ...(path !== undefined && { path }) })
}

function assertAccepted(response: HttpResponse): string {
  assert.equal(response.status, 202, String(response.body))
  return String(response.json().id)
}

async function storedOriginal(id: string): Promise<Buffer> {
  return (await frontend.ask(`/images/${id}/original`)).body
}

suite('an upload of raw bytes', () => {
  test('an upload of raw bytes returns 202 with Location, Retry-After and the status document', async () => {
    const response = await post(png, { headers: { 'content-type': 'image/png' } })
    const id = assertAccepted(response)
    assert.equal(response.headers.location, `/images/${id}`)
    assert.equal(response.headers['retry-after'], '1')
    assert.equal(response.headers['preference-applied'], undefined)
    assert.deepEqual(response.json(), (await frontend.ask(`/images/${id}`)).json())
    assert.ok((await storedOriginal(id)).equals(png))
  })

  test('an upload of raw bytes is accepted with a Content-Range that is the whole image', async () => {
    const headers = { 'content-range': `bytes 0-${png.length - 1}/${png.length}` }
    assertAccepted(await post(png, { headers }))
  })

  test('an upload of raw bytes is developed before others if its Priority or a waiting client requires it', async () => {
    const urgencyOf = async (headers: Record<string, string>) => {
      const { id } = (await post(png, { headers })).json()
      const { body } = await frontend.clients.taskDb.listTasks({ querystring: { limit: 100 } })
      return body.tasks.find(task => task.id === id)?.urgency
    }
    assert.equal(await urgencyOf({}), 3)
    assert.equal(await urgencyOf({ prefer: 'wait=0.1' }), 3, 'a wait that is not valid')
    assert.equal(await urgencyOf({ prefer: 'wait=1' }), 2)
    assert.equal(await urgencyOf({ prefer: 'wait=1', priority: 'u=6' }), 6)
    assert.equal(await urgencyOf({ priority: 'i, u=0' }), 0)
    assert.equal(await urgencyOf({ priority: 'u=9' }), 3)
    assert.equal(await urgencyOf({ priority: 'nonsense' }), 3)
    const origin = frontend.url
    assert.equal(
      await urgencyOf({ origin, priority: 'u=1, i' }),
      3,
      'from a browser, which adds it by itself',
    )
    assert.equal(await urgencyOf({ origin, priority: 'u=4', prefer: 'wait=1' }), 2)
  })

  test('an upload of raw bytes accepts operations and an idempotency key', async () => {
    const upload = { headers: { 'idempotency-key': 'one' }, path: '/images?operations=swap-channels:gbr' }
    const response = await post(png, upload)
    assert.deepEqual(response.json().operations, [{ name: 'swap-channels', order: 'gbr' }])
    assert.equal(assertAccepted(await post(png, upload)), assertAccepted(response))
    assertProblem(await post(png, { headers: upload.headers }), 422, 'idempotency-key-reused')
  })

  test('an upload that prefers to wait returns 200 as soon as the image is finished', async t => {
    const startedAt = performance.now()
    const own = await startFrontend(t)
    const uploading = own.ask('/images', { method: 'POST', headers: { prefer: 'wait=50' }, body: png })
    const id = await finishNext(own, png)
    const { status, headers, json } = await uploading
    assert.deepEqual([status, json().id, json().state], [200, id, 'finished'])
    assert.equal(headers['preference-applied'], 'wait=50')
    assert.equal(headers['retry-after'], undefined)
    assert.equal(headers.location, `/images/${id}`)
    assert.ok(performance.now() - startedAt < 25_000)
  })

  test('an upload that prefers to wait returns 202 if the image is not finished in time', async () => {
    const response = await post(png, { headers: { prefer: 'wait=1' } })
    assertAccepted(response)
    assert.equal(response.headers['preference-applied'], 'wait=1')
    assert.equal(response.headers['retry-after'], '1')
  })

  test('fault: a client that hangs up half-way leaves nothing', async () => {
    const files = blobNames(frontend).length
    const tasks = await taskCount(frontend)
    const broken = await beginUpload(
      { 'content-type': 'image/png' },
      Buffer.concat([png, Buffer.alloc(200_000)]),
    )
    await until('it is on its way to the storage', () => blobNames(frontend).length > files)
    broken.destroy()
    await until('nothing is left', () => blobNames(frontend).length === files)
    assert.equal(await taskCount(frontend), tasks)
  })
})

suite('an upload by form', () => {
  for (const [name, parts] of [
    ['a file', [filePart(png)]],
    ['a file of any name', [filePart(png, 'picture')]],
    ['operations and a file', [operationsPart('swap-channels:gbr'), filePart(png)]],
  ] as const) {
    test(`a form with ${name} is accepted`, async () => {
      const response = await postForm(formData(...parts))
      const id = assertAccepted(response)
      const order = parts.length > 1 ? 'gbr' : 'bgr'
      assert.deepEqual(response.json().operations, [{ name: 'swap-channels', order }])
      assert.ok((await storedOriginal(id)).equals(png))
    })
  }

  test('an upload by form accepts operations in the query; operations in a field have priority', async () => {
    const path = '/images?operations=swap-channels:grb'
    const [byQuery, byField] = [
      await postForm(formData(filePart(png)), { path }),
      await postForm(formData(operationsPart('swap-channels:gbr'), filePart(png)), { path }),
    ]
    assert.deepEqual(byQuery.json().operations, [{ name: 'swap-channels', order: 'grb' }])
    assert.deepEqual(byField.json().operations, [{ name: 'swap-channels', order: 'gbr' }])
  })

  test('a form that fetch() wrote is accepted', async () => {
    const body = new FormData()
    body.append('operations', 'swap-channels:gbr')
    body.append('file', new Blob([new Uint8Array(png)], { type: 'image/png' }), 'ein Photo "1".png')
    const response = await fetch(`${frontend.url}/images`, { method: 'POST', body })
    assert.equal(response.status, 202)
  })

  test('fault: a client that hangs up half-way leaves nothing', async () => {
    const files = blobNames(frontend).length
    const tasks = await taskCount(frontend)
    const beginning = openForm(filePart(Buffer.concat([png, Buffer.alloc(300_000)])))
    const broken = await beginUpload(formHeaders, beginning)
    await until('it is on its way to the storage', () => blobNames(frontend).length > files)
    broken.destroy()
    await until('nothing is left', () => blobNames(frontend).length === files)
    assert.equal(await taskCount(frontend), tasks)
  })
})

suite('the content decides what an upload is', () => {
  for (const [words, type] of [
    ['malformed', 'image'],
    ['malformed in another way', 'image/png/x; ;='],
    ['empty', ''],
    ['given twice', ['image/png', 'text/html']],
    ['the type of JSON', 'application/json'],
    ['the type of another image', 'image/gif'],
    ['the type of a form', 'multipart/form-data; boundary=x'],
    ['the type of a form, without a boundary', 'multipart/form-data'],
    ['the type of a form of web pages', 'application/x-www-form-urlencoded'],
  ] as const) {
    test(`an image is accepted if its Content-Type is ${words}`, async () => {
      const headers: OutgoingHttpHeaders = Object.fromEntries([['content-type', [type].flat()]])
      for (const path of ['/images', '/newImage'])
        assert.equal((await post(png, { headers, path })).status, 202)
    })
  }

  for (const part of [
    { name: 'operations', type: 'application/json', content: '[{"name":"flip"}]' },
    { name: 'operations', type: 'application/json', filename: 'blob', content: '[{"name":"flip"}]' },
    { name: 'operations', type: 'application/octet-stream', content: 'flip' },
    { name: 'operations', type: 'image/png', filename: 'flip.png', content: 'flip' },
  ]) {
    test(`a part "operations" is an argument as ${part.type}, ${part.filename ?? 'without a file name'}`, async () => {
      const body = formData(part, filePart(png))
      const { status, json } = await postForm(body)
      assert.deepEqual([status, json().operations], [202, [{ name: 'flip' }]])
    })
  }

  test('a part with the type of an image is the file, also without a file name', async () => {
    const body = formData({ name: 'file', type: 'image/png', content: png })
    assert.equal((await postForm(body)).status, 202)
  })

  test('the refusal of an image whose type is the default of curl has no words about curl', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': 'curl' }
    const ask = (path: string) => frontend.ask(path, { method: 'POST', headers, body: png })
    assert.equal((await ask('/images')).status, 202)
    const reused = await ask('/images?operations=flip')
    assertProblem(reused, 422, 'idempotency-key-reused')
    assert.doesNotMatch(String(reused.json().detail), /curl/)
  })
})

/** Sends only the beginning of an upload. */
async function beginUpload(headers: Record<string, string>, beginning: Uint8Array) {
  const { hostname, port } = new URL(frontend.url)
  const sent = request({ hostname, port, path: '/images', method: 'POST', headers, agent: false })
  sent.on('error', () => undefined) // the test ends it itself
  sent.write(beginning)
  await once(sent, 'socket')
  return sent
}

suite('a client that waits for 100 Continue', () => {
  const ask = async (length: number, type: string, body?: Uint8Array) => {
    const socket = connect(Number(new URL(frontend.url).port), '127.0.0.1').setEncoding('latin1')
    let received = ''
    socket.on('data', text => {
      received += text
    })
    const head = `POST /images HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${length}`
    socket.write(`${head}\r\nexpect: 100-continue\r\n\r\n`)
    await until('the first line arrives', () => received.includes('\r\n\r\n'))
    if (body) socket.write(body)
    await until('the response arrives', () => /HTTP\/1\.1 [2-5].*\r\n\r\n\{/s.test(received))
    socket.destroy()
    return received.split('\r\n')[0]
  }

  test('a client that waits for 100 Continue is refused at once if its body is too large', async () => {
    assert.equal(await ask(png.length, 'image/png', png), 'HTTP/1.1 100 Continue')
    const tooLarge = 'HTTP/1.1 413 Payload Too Large'
    assert.equal(await ask(500_001, 'image/png'), tooLarge)
    assert.equal(await ask(1_600_000, formHeaders['content-type']), tooLarge)
    const form = formData(filePart(png))
    assert.equal(await ask(form.length, formHeaders['content-type'], form), 'HTTP/1.1 100 Continue')
  })
})
