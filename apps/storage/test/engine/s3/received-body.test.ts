import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { until } from '@darkroom/testing'
import { receivedBody } from '../../../src/engine/s3/received-body.ts'

test('a reader that leaves before it has read anything ends the body and its connection', async () => {
  const body = new PassThrough()
  receivedBody(body, 10, 60_000).destroy()
  await until('the body is ended', () => body.destroyed)
})

test('exactly the requested length is returned, and the rest of the body is read too', async () => {
  const body = new PassThrough()
  body.end('bytes and a footer')
  assert.equal(String(await buffer(receivedBody(body, 5, 60_000))), 'bytes')
  assert.ok(body.readableEnded)
})
