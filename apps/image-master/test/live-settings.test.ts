import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { loadConfig } from '@darkroom/service-kit'
import { generateImage, until } from '@darkroom/testing'
import { Config, start } from '../src/start.ts'
import { logger, startNeighbours } from './neighbours.ts'
import { upload } from './start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const neighbours = await startNeighbours({ after })
const master = await start(loadConfig(Config, neighbours.env), logger)
neighbours.defer(master.close)

function set(name: string, value: string) {
  const params = { '*': `config/image-master/${name}` }
  return neighbours.clients.kv.setKey({ params, querystring: {}, headers: {}, body: Buffer.from(value) })
}

function forget(name: string) {
  return neighbours.clients.kv.deleteKey({ params: { '*': `config/image-master/${name}` }, headers: {} })
}

async function uploadStatus(): Promise<number> {
  return (await upload(master, png)).status
}

for (const [name, value, status] of [
  ['maxUploadBytes', '100', 413],
  ['maxPixels', '1199', 422],
  ['maxUnpackedBytes', '3599', 422],
  ['maxQueued', '1', 429],
] as const) {
  test(`${name} takes effect without a restart, and stops when it is deleted`, async () => {
    assert.equal(await uploadStatus(), 202)
    await set(name, value)
    await until('it holds', async () => (await uploadStatus()) === status)
    await forget(name)
    await until('the default applies', async () => (await uploadStatus()) === 202)
  })
}

test('new images get the current default operations', async () => {
  const operations = [{ name: 'swap-channels', order: 'gbr' }]
  await set('defaultOperations', JSON.stringify(operations))
  await until('they hold', async () => {
    const task = (await upload(master, png)).json()
    return JSON.stringify(task.operations) === JSON.stringify(operations)
  })
  await forget('defaultOperations')
})

test('a value that is not valid is ignored, and the other settings stay', async () => {
  await set('maxUploadBytes', '"many"')
  await set('maxPixels', '1199')
  await until('the valid setting applies', async () => (await uploadStatus()) === 422)
  await forget('maxPixels')
  await until('the defaults apply', async () => (await uploadStatus()) === 202)
})
