import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { generateImage } from '@darkroom/testing'
import { failNext, finishNext, startFrontend } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startFrontend({ after })
const { ask } = frontend

async function isReady(id: string): Promise<string> {
  const { status, headers, body } = await ask(`/image/isReady?id=${id}`)
  assert.equal(status, 200)
  assert.match(String(headers['content-type']), /^text\/plain/)
  return String(body)
}

async function newImage(headers: Record<string, string> = {}): Promise<string> {
  const response = await ask('/newImage?operations=swap-channels', { method: 'POST', headers, body: png })
  assert.equal(response.status, 202)
  assert.match(String(response.headers['content-type']), /^text\/plain/)
  return String(response.body)
}

test('the three older paths upload an image, answer whether it is ready, and serve its result', async () => {
  const id = await newImage()
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal(await isReady(id), 'in progress')
  await finishNext(frontend, Buffer.from('result'))
  assert.equal(await isReady(id), 'finished')
  assert.equal(String((await ask(`/image/get?id=${id}`)).body), 'result')
})

test('a failed image is answered "failed", a missing image "not found"', async () => {
  const id = await newImage()
  await failNext(frontend, { type: problemType('test'), title: 'Test', detail: 'the test made it fail' })
  assert.equal(await isReady(id), 'failed')
  for (const unknown of ['01990000-0000-7000-8000-000000000001', 'x', '%00'])
    assert.equal(await isReady(unknown), 'not found')
})

test('the same idempotency key returns the same id from both upload paths', async () => {
  const headers = { 'idempotency-key': 'one' }
  const id = await newImage(headers)
  assert.equal(await newImage(headers), id)
  const response = await ask('/images?operations=swap-channels', { method: 'POST', headers, body: png })
  assert.equal(response.json().id, id)
})

test('errors are the same as on the newer paths', async () => {
  const { status, json } = await ask('/newImage', { method: 'POST', body: 'no image' })
  assert.deepEqual([status, json().type], [415, problemType('not-an-image')])
  for (const path of ['/image/isReady', '/image/get', `/image/isReady?id=${'x'.repeat(201)}`])
    assert.equal((await ask(path)).status, 400)
})
