import assert from 'node:assert/strict'
import { test } from 'node:test'
import { childrenOf, isRunning, procIsMissing, startDarkroom, until } from '@darkroom/testing'
import { installedPhotographs, largePictures, makePictures, smallPictures } from './album.ts'
import { assertAllDeveloped, beginDevelopment } from './development.ts'

const clients = 16

test('images of all sizes from 16 simultaneous clients are all developed correctly', async t => {
  const pictures = await makePictures([...largePictures, ...smallPictures(40)])
  pictures.push(...installedPhotographs())
  const { url } = await startDarkroom(t)
  const { accepted, ended } = beginDevelopment(url, pictures, clients)
  await ended
  assert.equal(accepted.size, pictures.length)
  await assertAllDeveloped(url, accepted)
})

test('200 images from 16 simultaneous clients are all developed correctly, with kill -9 of all services half-way', {
  skip: procIsMissing,
}, async t => {
  const count = 200
  const pictures = await makePictures(smallPictures(count))
  const darkroom = await startDarkroom(t)
  const development = beginDevelopment(darkroom.url, pictures, clients)
  await until('a third is developed', () => development.endedCount >= count / 3)
  const [worker] = childrenOf(darkroom.program.pid)
  assert.ok(worker !== undefined)

  await darkroom.kill()
  assert.ok(development.endedCount < count, 'all images were developed before the kill')
  await until('the worker is gone too', () => !isRunning(worker))
  await darkroom.restart()

  await development.ended
  assert.equal(development.accepted.size, count)
  await assertAllDeveloped(darkroom.url, development.accepted)
})
