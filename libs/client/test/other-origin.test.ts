import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort } from '@darkroom/testing'
import { Darkroom } from '../src/index.ts'

test('the error of a page that gets no response from another origin names the setting that could be missing', async t => {
  const nowhere = `http://127.0.0.1:${await freePort()}`
  const page = { origin: 'https://shop.example' }
  Object.defineProperty(globalThis, 'location', { value: page, configurable: true })
  t.after(() => Reflect.deleteProperty(globalThis, 'location'))
  const failing = new Darkroom({ url: nowhere, retryTimeoutMs: 0 })
  const message = `nothing answers at ${nowhere}`
  await assert.rejects(failing.list(), {
    message: `${message}, or its CORS_ORIGINS does not contain https://shop.example`,
  })
  page.origin = nowhere
  await assert.rejects(failing.list(), { message })
})
