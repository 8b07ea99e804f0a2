import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generateImage, startDarkroom } from '@darkroom/testing'
import { develop, post } from './uploads.ts'

const samples = new URL('../../image-worker/test/develop/heic/samples/', import.meta.url)
const heic = readFileSync(new URL('camera.heic', samples))

/** A process in which libheif-js can't be found. */
const withoutPackage = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith('libheif-js')) return next(specifier, context)
      throw Object.assign(new Error('it is not installed'), { code: 'MODULE_NOT_FOUND' })
    },
  })`)}`

test('a HEIC becomes a JPEG', async t => {
  const { url } = await startDarkroom(t)
  const image = (await develop(url, heic)) as Record<string, { contentType: string }>
  assert.deepEqual([image.original?.contentType, image.result?.contentType], ['image/heic', 'image/jpeg'])
})

test('without libheif-js, a HEIC is refused with an error that names it, and everything else works', async t => {
  const { url } = await startDarkroom(t, { NODE_OPTIONS: withoutPackage })
  const refused = await post(url, heic)
  assert.equal(refused.status, 415, String(refused.body))
  assert.match(String(refused.json().detail), /libheif-js/)
  const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
  assert.equal((await develop(url, png)).state, 'finished')
})
