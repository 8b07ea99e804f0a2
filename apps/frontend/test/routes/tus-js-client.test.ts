// Slow: it uploads tens of megabytes, and waits for the timeouts of a client.
import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
import { blobNames, logger } from '@darkroom/image-master/testing'
import { httpRequest, relayTcp, until } from '@darkroom/testing'
import { Upload } from 'tus-js-client'
import { buildApp } from '../../src/app.ts'
import { startFrontend } from '../start-frontend.ts'
import { large, patchType, tus, tusRequests } from '../tus-requests.ts'

const MiB = 1024 * 1024
const frontend = await startFrontend({ after }, { MAX_UPLOAD_BYTES: String(32 * MiB) })
const { ask, clients } = frontend
const { begin, patch, offsetOf } = tusRequests(frontend)

/** Starts another frontend of the same Darkroom. */
async function secondFrontend(): Promise<string> {
  const app = buildApp({ clients, logger, accessMode: 'as-configured', intakeCheckMs: 1000 })
  frontend.defer(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

suite('tus-js-client', () => {
  interface Sent {
    url: string
    path: string
  }

  function upload(
    url: string,
    file: Uint8Array,
    options: Partial<ConstructorParameters<typeof Upload>[1]> = {},
  ): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const sending = new Upload(Buffer.from(file), {
        endpoint: `${url}/uploads`,
        retryDelays: [0, 50, 100, 200, 400, 800],
        metadata: { filename: 'a.tif', operations: 'flip' },
        onSuccess: () => resolve({ url: sending.url ?? '', path: new URL(sending.url ?? '').pathname }),
        onError: reject,
        ...options,
      })
      sending.start()
    })
  }

  test('tus-js-client uploads in one request, or in chunks', async () => {
    for (const options of [
      {},
      { chunkSize: 3_000_000 },
      { chunkSize: 8 * MiB, uploadDataDuringCreation: true },
    ]) {
      const { path } = await upload(frontend.url, large, options)
      const original = await ask(`/images/${path.split('/').at(-1)}/original`)
      assert.ok(original.body.equals(large))
    }
    assert.ok(!blobNames(frontend).some(name => name.includes('_')))
  })

  test('tus-js-client gets the reason why an image is refused', async () => {
    await assert.rejects(upload(frontend.url, Buffer.from('not an image, but text')), /not-an-image/)
  })

  test('tus-js-client continues at another frontend after its connection is cut', async () => {
    const second = await secondFrontend()
    const path = await begin(large.length)
    const cut = new AbortController()
    async function* untilStored() {
      yield large.subarray(0, 9_300_000)
      await until('a piece is stored', async () => (await offsetOf(path)) === String(8 * MiB))
      cut.abort()
    }
    const sending = fetch(`${frontend.url}${path}`, {
      method: 'PATCH',
      headers: { ...tus, ...patchType, 'upload-offset': '0', 'content-length': String(large.length) },
      body: ReadableStream.from(untilStored()),
      duplex: 'half',
      signal: cut.signal,
    } as RequestInit)
    await assert.rejects(sending)
    await until('the part of the next piece is kept', async () => Number(await offsetOf(path)) > 8 * MiB)
    await upload(second, large, { uploadUrl: `${second}${path}` })
    const original = await httpRequest(second, `/images/${path.split('/').at(-1)}/original`)
    assert.ok(original.body.equals(large))
  })

  test('tus-js-client continues when a line that stalled for too long works again', async t => {
    const impatient = await startFrontend(t, {}, { bodyStallMs: 100 })
    const { url, stalls } = await startStallingLine(t, impatient.url, 9 * MiB)
    const { path } = await upload(url, large)
    assert.equal(stalls(), 1)
    const original = await impatient.ask(`/images/${path.split('/').at(-1)}/original`)
    assert.ok(original.body.equals(large))
  })

  test('tus-js-client waits while the storage does not answer, and does not begin again', async () => {
    const path = await begin(large.length)
    await patch(path, 0, large.subarray(0, 9 * MiB))
    await frontend.storage.close()
    const sending = upload(frontend.url, large, {
      uploadUrl: `${frontend.url}${path}`,
      retryDelays: Array.from({ length: 100 }, () => 100),
    })
    await frontend.startStorage()
    assert.equal((await sending).path, path)
  })
})

/** A line to a server. After `bytes`, it passes nothing on until the server has answered. This happens once. */
async function startStallingLine(t: TestContext, target: string, bytes: number) {
  let stalls = 0
  const { port } = await relayTcp(t, target, (client, server) => {
    let passed = 0
    client.on('data', chunk => {
      server.write(chunk)
      passed += chunk.length
      if (passed < bytes || stalls > 0) return
      stalls += 1
      client.pause()
      server.once('data', () => client.resume())
    })
    server.pipe(client)
  })
  return { url: `http://127.0.0.1:${port}`, stalls: () => stalls }
}
