import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tusContentType, tusVersion } from '@darkroom/contracts'
import { httpRequest, tiffOf, until } from '@darkroom/testing'
import { kill, prepareFleet, samePort, untilReady } from './fleet.ts'

const MiB = 1024 * 1024
/** The size of the pieces in which frontends store an upload. */
const pieceBytes = 8 * MiB

test('fault: kill -9 of the frontend, the storage, then the image-master, during a resumable upload: it continues, and is developed', async t => {
  const fleet = await prepareFleet(t)
  const services = await fleet.startAll()
  const { url } = services.frontend
  const image = tiffOf(2 * pieceBytes + 4 * MiB)
  const tus = { 'tus-resumable': tusVersion }
  const begun = await httpRequest(url, '/uploads', {
    method: 'POST',
    headers: {
      ...{ ...tus, 'upload-length': String(image.length) },
      'upload-metadata': `operations ${Buffer.from('resize:64x64').toString('base64')}`,
    },
  })
  assert.equal(begun.status, 201)
  const path = String(begun.headers.location)
  const offset = async () => {
    const { status, headers } = await httpRequest(url, path, { method: 'HEAD', headers: tus })
    assert.equal(status, 200)
    return Number(headers['upload-offset'])
  }
  /** Sends everything from an offset on. Before the byte `pauseAt`, it waits for `meanwhile`. */
  const send = (from: number, pauseAt = image.length, meanwhile = async () => {}) =>
    httpRequest(url, path, {
      method: 'PATCH',
      headers: {
        ...{ ...tus, 'content-type': tusContentType, 'upload-offset': String(from) },
        'content-length': String(image.length - from),
      },
      body: (async function* () {
        yield image.subarray(from, pauseAt)
        await meanwhile()
        yield image.subarray(pauseAt)
      })(),
    })

  const cut = send(0, pieceBytes + MiB, async () => {
    await until('a piece is stored', async () => (await offset()) === pieceBytes)
    await kill(services.frontend)
  })
  await assert.rejects(cut)
  await fleet.start('frontend', samePort(services.frontend))
  await untilReady(services.frontend)
  assert.equal(await offset(), pieceBytes)

  const unstored = await send(pieceBytes, pieceBytes + MiB, () => kill(services.storage))
  assert.equal(unstored.status, 503, String(unstored.body))
  assert.equal(await offset(), pieceBytes)
  await fleet.start('storage', samePort(services.storage))
  await untilReady(services.frontend)

  // The rest is one more piece, and the last piece, which goes straight to the master.
  const refused = await send(pieceBytes, 2 * pieceBytes + MiB, async () => {
    await until('the second piece is stored', async () => (await offset()) === 2 * pieceBytes)
    await kill(services['image-master'])
  })
  assert.equal(refused.status, 503, String(refused.body))
  await fleet.start('image-master', samePort(services['image-master']))
  await untilReady(services.frontend)
  assert.equal(await offset(), 2 * pieceBytes)

  const last = await send(2 * pieceBytes)
  assert.deepEqual([last.status, Number(last.headers['upload-offset'])], [204, image.length])
  const id = path.split('/').at(-1)
  const status = (await httpRequest(url, `/images/${id}`, { headers: { prefer: 'wait=55' } })).json()
  assert.equal(status.state, 'finished', JSON.stringify(status))
  assert.ok((await httpRequest(url, `/images/${id}/original`)).body.equals(image))
})
