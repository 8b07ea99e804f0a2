import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateImage, serveHttp } from '@darkroom/testing'
import { Darkroom } from '../src/index.ts'

const png = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })

test('a document that breaks off is requested again, then it is an error of Darkroom', async t => {
  const document = JSON.stringify({ id: 'x', state: 'finished' })
  let broken = 2
  const { url } = await serveHttp(t, (request, response) => {
    request.resume()
    response.writeHead(202, { 'content-length': document.length })
    if (broken-- <= 0) response.end(document)
    else response.write(document.slice(0, 9), () => response.destroy())
  })
  assert.equal(await new Darkroom(url).upload(new Uint8Array(png)), 'x')
  broken = 1
  await assert.rejects(new Darkroom({ url, retryTimeoutMs: 0 }).status('x'), {
    name: 'DarkroomError',
    status: 0,
    message: `the connection to ${url} was lost before the whole response arrived`,
  })
})

test('a download that breaks off is repeated, at most twice', async t => {
  let [broken, downloads] = [0, 0]
  const result = { contentType: 'image/png', bytes: png.length }
  const { url } = await serveHttp(t, ({ url: path }, response) => {
    if (!path?.endsWith('/result')) {
      response.end(JSON.stringify({ id: 'x', state: 'finished', result }))
      return
    }
    downloads += 1
    response.writeHead(200, { 'content-length': png.length })
    if (downloads > broken) response.end(png)
    else response.write(png.subarray(0, 100), () => response.destroy())
  })
  const client = new Darkroom(url)
  const { result: file } = await client.waitFor('x')
  assert.ok(file)
  broken = 2
  assert.ok(png.equals(await file.bytes()))
  broken = downloads + 2
  assert.equal((await file.blob()).size, png.length)
  broken = Number.POSITIVE_INFINITY
  downloads = 0
  await assert.rejects(file.bytes(), { name: 'DarkroomError', status: 0, message: /was lost/ })
  assert.equal(downloads, 3)
})

test('an action whose response is lost succeeds, although Darkroom refuses its repetition', async t => {
  const refusals: Record<string, [status: number, code: string]> = {
    'DELETE /images/x': [404, 'image-not-found'],
    'DELETE /presets/x': [404, 'preset-not-found'],
    'POST /images/x/retry': [409, 'not-failed'],
  }
  let losses = 1
  const { url } = await serveHttp(t, (request, response) => {
    const [status, code] = refusals[`${request.method} ${request.url}`] ?? []
    request.resume()
    if (status === undefined) response.end(JSON.stringify({ id: 'x', state: 'in-progress' }))
    else if (losses-- > 0) response.destroy()
    else
      response
        .writeHead(status)
        .end(JSON.stringify({ type: `urn:darkroom:problem:${code}`, title: '', status }))
  })
  const client = new Darkroom(url)
  await client.delete('x')
  losses = 1
  await client.deletePreset('x')
  losses = 1
  assert.equal((await client.retry('x')).state, 'in-progress')
  // Without a lost response, the action has not succeeded.
  await assert.rejects(client.delete('x'), { code: 'image-not-found' })
  await assert.rejects(client.deletePreset('x'), { code: 'preset-not-found' })
  await assert.rejects(client.retry('x'), { code: 'not-failed' })
})
