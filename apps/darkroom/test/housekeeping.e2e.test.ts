import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateImage, httpRequest, startDarkroom, until } from '@darkroom/testing'
import { stored } from './stored.ts'
import { develop, post } from './uploads.ts'

const image = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })

test('an expired image is deleted, with its bytes', async t => {
  const { url, dataDir } = await startDarkroom(t, { RETENTION_SECONDS: '1', SWEEP_MS: '200' })
  const { id } = await develop(url, image)
  await until('it is forgotten', async () => (await httpRequest(url, `/images/${id}`)).status === 404)
  await until('nothing is stored', () => stored(dataDir).length === 0)
  assert.equal((await httpRequest(url, `/images/${id}/result`)).status, 404)
})

test('bytes without a task are deleted', async t => {
  const darkroom = await startDarkroom(t, { ORPHAN_AGE_MS: '0', ORPHAN_SWEEP_MS: '200' })
  for (const stage of ['pre', 'post']) {
    const stored = await darkroom.ask('storage', `/images/orphan/${stage}`, { method: 'PUT', body: image })
    assert.equal(stored.status, 201)
  }
  await until('nothing is stored', () => stored(darkroom.dataDir).length === 0)
})

test('settings in kv-config take effect without a restart', async t => {
  const darkroom = await startDarkroom(t)
  const { url } = darkroom
  const set = async (name: string, value: unknown) => {
    const path = `/key/config/image-master/${name}`
    const { status } = await darkroom.ask('kv-config', path, { method: 'PUT', body: JSON.stringify(value) })
    assert.ok(status === 200 || status === 201)
  }

  await t.test('the size of uploads', async () => {
    assert.equal((await post(url, image)).status, 202)
    await set('maxUploadBytes', image.length - 1)
    const refused = await until('the image is too large', async () => {
      const response = await post(url, image)
      return response.status === 413 && response
    })
    assert.match(String(refused.json().detail), new RegExp(`larger than ${image.length - 1} bytes`))
    await darkroom.ask('kv-config', '/key/config/image-master/maxUploadBytes', { method: 'DELETE' })
    await until('the default applies again', async () => (await post(url, image)).status === 202)
  })

  await t.test('the default operations', async () => {
    const operations = [{ name: 'swap-channels', order: 'gbr' }]
    await set('defaultOperations', operations)
    await until('they are applied', async () => {
      const posted = (await post(url, image)).json().operations as { order: string }[]
      return posted[0]?.order === 'gbr'
    })
    assert.deepEqual((await develop(url, image)).operations, operations)
  })
})
