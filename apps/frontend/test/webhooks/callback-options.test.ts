import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import { readNetworks } from '../../src/outbound/networks.ts'
import { startGuarded } from '../access/start-guarded.ts'
import { finishNext } from '../start-frontend.ts'
import { startReceiver } from './receiver.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const receiver = await startReceiver({ after }, (response, path) =>
  path === '/photo.png' ? response.end(png) : response.writeHead(204).end(),
)
const base = `http://127.0.0.1:${receiver.port}`
const guarded = await startGuarded({ after }, { networks: readNetworks('127.0.0.0/8') })
const [plain, preset] = await Promise.all([
  guarded.makeKey({ owner: 'anna' }),
  guarded.makeKey({ owner: 'bert', callback: `${base}/default` }),
])

async function deliveredTo(path: string): Promise<void> {
  await finishNext(guarded, png)
  await until(`a notice is posted to ${path}`, () => receiver.of(path).length === 1)
}

test('a callback can be in the query, in a field of a form, or in a JSON document', async () => {
  const query = `/images?callback=${encodeURIComponent(`${base}/query`)}`
  const answer = await guarded.askWith(plain.key, query, { method: 'POST', body: png })
  assert.deepEqual(answer.json().callback, { url: `${base}/query`, state: 'waiting', attempts: 0 })
  await deliveredTo('/query')

  const field = `--b\r\ncontent-disposition: form-data; name="callback"\r\n\r\n${base}/form\r\n`
  const form = Buffer.concat([
    Buffer.from(field),
    Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n'),
    png,
    Buffer.from('\r\n--b--\r\n'),
  ])
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  assert.equal(
    (await guarded.askWith(plain.key, '/images', { method: 'POST', headers, body: form })).status,
    202,
  )
  await deliveredTo('/form')

  const body = Buffer.from(JSON.stringify({ url: `${base}/photo.png`, callback: `${base}/json` }))
  const json = { 'content-type': 'application/json' }
  assert.equal(
    (await guarded.askWith(plain.key, '/images', { method: 'POST', headers: json, body })).status,
    202,
  )
  await deliveredTo('/json')
})

test('an upload without a callback uses the callback of its key', async () => {
  await guarded.askWith(preset.key, '/images', { method: 'POST', body: png })
  await deliveredTo('/default')
  const other = `/images?callback=${encodeURIComponent(`${base}/other`)}`
  await guarded.askWith(preset.key, other, { method: 'POST', body: png })
  await deliveredTo('/other')
  assert.equal(receiver.of('/default').length, 1)
})

test('an invalid callback is refused with 400, and nothing is stored', async () => {
  for (const url of ['nowhere', 'http://10.0.0.1/', 'http://me:secret@a.example/', 'http://a.example:22/']) {
    const path = `/images?callback=${encodeURIComponent(url)}`
    const answer = await guarded.askWith(plain.key, path, { method: 'POST', body: png })
    assertProblem(answer, 400, 'invalid-callback')
    assert.doesNotMatch(String(answer.body), /secret/)
  }
})
