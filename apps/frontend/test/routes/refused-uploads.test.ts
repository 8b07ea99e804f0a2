import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, suite, test } from 'node:test'
import { blobNames } from '@darkroom/image-master/testing'
import { assertProblem, connectTo, generateImage, until } from '@darkroom/testing'
import { filePart, formData, formHeaders, openForm, operationsPart } from '../form-data.ts'
import { startFrontend, taskCount } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const long = Buffer.concat([png, Buffer.alloc(300_000)])
const tooLong = Buffer.concat([png, Buffer.alloc(600_000)])
const noImage = Buffer.alloc(300_000, 'no image ')
const frontend = await startFrontend({ after }, { MAX_UPLOAD_BYTES: '500000' })

suite('a refused upload', () => {
  const forms: {
    name: string
    form: Uint8Array
    headers?: Record<string, string>
    status?: number
    code?: string
  }[] = [
    {
      name: 'the first part of an image in a form',
      form: formData(filePart(png)),
      headers: { ...formHeaders, 'content-range': `bytes 0-${png.length - 1}/9999999` },
      code: 'no-content-range',
    },
    { name: 'a form without a file', form: formData(operationsPart('swap-channels')) },
    { name: 'an empty form', form: formData() },
    { name: 'no form at all', form: Buffer.from('text') },
    { name: 'nothing', form: Buffer.alloc(0) },
    { name: 'a form with two files', form: formData(filePart(long), filePart(long)) },
    {
      name: 'a form with operations after the file',
      form: formData(filePart(long), operationsPart('swap-channels')),
    },
    { name: 'a form with another field', form: formData({ name: 'size', content: '10' }, filePart(png)) },
    {
      name: 'a form with a huge field',
      form: formData(operationsPart('x'.repeat(2_000_000)), filePart(png)),
    },
    { name: 'a form that ends in its file', form: openForm(filePart(long)) },
    { name: 'a form that ends in a field', form: openForm(operationsPart('swap-channels')) },
    {
      name: 'a form of another boundary',
      form: formData(filePart(png)),
      headers: { 'content-type': 'multipart/form-data; boundary=other' },
    },
    {
      name: 'a form without a boundary',
      form: formData(filePart(png)),
      headers: { 'content-type': 'multipart/form-data' },
    },
    {
      name: 'a form with a file that is empty',
      form: formData(filePart(Buffer.alloc(0))),
      code: 'empty-body',
    },
    { name: 'a form with a long text', form: formData(filePart(noImage)), status: 415, code: 'not-an-image' },
    {
      name: 'a form with a file that is too long',
      form: formData(filePart(tooLong)),
      status: 413,
      code: 'too-large',
    },
    {
      name: 'a form with unknown operations',
      form: formData(operationsPart('solarise'), filePart(long)),
      code: 'invalid-operations',
    },
    {
      name: 'a long text',
      form: noImage,
      headers: { 'content-type': 'image/png' },
      status: 415,
      code: 'not-an-image',
    },
    {
      name: 'an image that is too long',
      form: tooLong,
      headers: { 'content-type': 'image/png' },
      status: 413,
      code: 'too-large',
    },
    {
      name: 'an empty image',
      form: Buffer.alloc(0),
      headers: { 'content-type': 'image/png' },
      code: 'empty-body',
    },
  ]
  for (const { name, form, headers = formHeaders, status = 400, code = 'invalid-form' } of forms) {
    test(`${name} is ${status} ${code}, sent with its length or in chunks`, async () => {
      async function* chunks() {
        for (let at = 0; at < form.length; at += 50_000) yield form.subarray(at, at + 50_000)
      }
      for (const body of [form, chunks()])
        assertProblem(await frontend.ask('/images', { method: 'POST', headers, body }), status, code)
    })
  }

  test('a refused upload with the default type of curl -d is answered with what to do, for files and for JSON', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const withoutLineEnds = Buffer.from(
      Buffer.from(png)
        .toString('latin1')
        .replaceAll(/[\r\n]/g, ''),
      'latin1',
    )
    for (const body of [withoutLineEnds, Buffer.from('{"from":"01990000-0000-7000-8000-000000000000"}')]) {
      const response = await frontend.ask('/images', { method: 'POST', headers, body })
      assertProblem(response, 415, 'not-an-image')
      assert.match(
        String(response.json().detail),
        /--data-binary instead of -d, and JSON with .*application\/json/,
      )
    }
  })

  test('a refused upload of JSON whose type is the default of fetch is answered with what to do', async () => {
    const headers = { 'content-type': 'text/plain;charset=UTF-8' }
    const body = Buffer.from('{"url":"https://photos.example/cat.jpg"}')
    const response = await frontend.ask('/images', { method: 'POST', headers, body })
    assertProblem(response, 415, 'not-an-image')
    assert.match(String(response.json().detail), /send JSON with the header Content-Type: application\/json$/)
  })

  test('a refused upload of JSON or of a form that is declared in another way is answered with what to do', async () => {
    const [object, list] = [Buffer.from('{"url":"https://photos.example/cat.jpg"}'), Buffer.from('["x"]')]
    const cases: [string, Buffer, RegExp][] = [
      ['text/json', object, /send JSON with the header Content-Type: application\/json$/],
      ['application/vnd.api+json', object, /send JSON with the header Content-Type: application\/json$/],
      ['application/json', list, /in JSON, send an object with url or from$/],
      [
        'multipart/mixed; boundary=x',
        Buffer.from('--x\r\n\r\n\r\n--x--'),
        /send a form as multipart\/form-data$/,
      ],
    ]
    for (const [type, body, hint] of cases) {
      const response = await frontend.ask('/images', {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      })
      assertProblem(response, 415, 'not-an-image')
      assert.match(String(response.json().detail), hint)
    }
  })

  test('a refused upload of an image as text is answered with what to do', async () => {
    const body = Buffer.from(Buffer.from(png).toString('base64'))
    const response = await frontend.ask('/images', { method: 'POST', body })
    assertProblem(response, 415, 'not-an-image')
    assert.match(String(response.json().detail), /in base64; send its bytes$/)
  })

  test('a refused upload leaves nothing behind', async () => {
    await until('nothing is stored', () => blobNames(frontend).length === 0)
    assert.equal(await taskCount(frontend), 0)
    assert.equal((await frontend.ask('/healthz')).status, 200)
  })

  for (const [name, type, beginning] of [
    ['raw bytes', 'image/png', Buffer.alloc(0)],
    ['a form', formHeaders['content-type'], openForm(filePart(Buffer.alloc(0)))],
  ] as const) {
    test(`a refusal reaches a client that sends all of ${name} before it reads`, async t => {
      const socket = connectTo(t, frontend.url).pause()
      const body = Buffer.concat([beginning, Buffer.alloc(20_000_000, 'no image ')])
      const head = `POST /images HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`
      await new Promise(resolve => socket.write(Buffer.concat([Buffer.from(head), body]), resolve))
      const [response] = await once(socket.resume(), 'data')
      assert.match(String(response), /^HTTP\/1.1 41[35] /)
    })
  }

  test('a refused upload has the status and Retry-After of the master', async t => {
    const own = await startFrontend(t, { MAX_QUEUED: '1' })
    const send = () => own.ask('/images', { method: 'POST', body: png })
    const refused = await until('the queue is full', async () => {
      const response = await send()
      return response.status === 429 && response
    })
    assertProblem(refused, 429, 'queue-full')
    assert.ok(Number(refused.headers['retry-after']) > 0)
  })

  test('a refused upload has the status and Retry-After of the storage', async t => {
    const own = await startFrontend(t, { MIN_FREE_BYTES: String(Number.MAX_SAFE_INTEGER) })
    for (const [headers, body] of [
      [{}, png],
      [{}, long],
      [formHeaders, formData(filePart(long))],
    ] as const) {
      const refused = await own.ask('/images', { method: 'POST', headers, body })
      assertProblem(refused, 503, 'disk-full')
      assert.ok(Number(refused.headers['retry-after']) > 0)
    }
  })
})
