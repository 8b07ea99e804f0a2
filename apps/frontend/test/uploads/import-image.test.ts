import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { ServiceProblem } from '@darkroom/service-kit'
import type { Outbound, OutboundRequest } from '../../src/outbound/outbound.ts'
import { OutboundFailure } from '../../src/outbound/outbound-failure.ts'
import { Importer } from '../../src/uploads/import-image.ts'

const thirtySeconds = 30_000

/** Opens an image whose server sends these bytes, and then nothing more unless `isComplete`. */
async function openImport(t: TestContext, sent: Buffer, isComplete: boolean) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const body = new Readable({ read: () => undefined })
  body.push(sent)
  if (isComplete) body.push(null)
  const outbound = {
    mistakeIn: () => undefined,
    request: async (_url: string, { signal }: OutboundRequest) => {
      signal.addEventListener('abort', () => body.destroy(new OutboundFailure('timeout')))
      return { status: 200, headers: {}, body }
    },
  }
  const importer = new Importer(outbound as unknown as Outbound)
  return importer.open('https://photos.example/cat.png', new AbortController().signal)
}

test('an import does not time out while its image is not read', async t => {
  using opened = await openImport(t, Buffer.from('image'), true)
  t.mock.timers.tick(2 * thirtySeconds)
  assert.equal(Buffer.concat(await Array.fromAsync(opened.body)).toString(), 'image')
})

test('an import whose server stops sending fails after thirty seconds of waiting for it', async t => {
  using opened = await openImport(t, Buffer.from('image'), false)
  const reading = Array.fromAsync(opened.body)
  await new Promise(setImmediate)
  t.mock.timers.tick(thirtySeconds)
  await assert.rejects(reading, (error: unknown) => {
    assert.ok(error instanceof ServiceProblem)
    assert.deepEqual([error.status, error.code], [422, 'import-failed'])
    return true
  })
})
