import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import {
  assertProblem,
  generateImage,
  type HttpResponse,
  startDarkroom,
  tiffOf,
  until,
} from '@darkroom/testing'
import { prepareFleet } from './fleet.ts'
import { stored } from './stored.ts'
import { post, upload } from './uploads.ts'

const image = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })

test('a full queue refuses images until there is room', async t => {
  const fleet = await prepareFleet(t)
  const { frontend } = await fleet.startAllButWorker({ MAX_QUEUED: '2' })
  await upload(frontend.url, image)
  await upload(frontend.url, image)
  // Masters count occasionally, not at every upload.
  const accepted = new Set<string>()
  const refused = await until('an upload is refused', async () => {
    const answer = await post(frontend.url, image)
    if (answer.status === 202) accepted.add(String(answer.json().id))
    return answer.status !== 202 && answer
  })
  assertRefusal(refused, 429, 'queue-full')
  assert.equal(stored(fleet.dataDir).length, 2 + accepted.size)

  await fleet.start('image-worker')
  await until('an upload is accepted', async () => (await post(frontend.url, image)).status === 202)
})

test('too many bytes in flight refuse further uploads', async t => {
  const { url, dataDir } = await startDarkroom(t, { MAX_BYTES_IN_FLIGHT: '100000' })
  const slow = request(`${url}/images`, { method: 'POST', agent: false })
  slow.on('error', () => undefined) // it breaks on purpose
  t.after(() => slow.destroy())
  slow.write(tiffOf(4 * 1024 * 1024).subarray(0, -1))
  await until('the storage is writing it', () => stored(dataDir).length > 0)

  assertRefusal(await post(url, image), 503, 'too-many-uploads')
  assert.equal(stored(dataDir).length, 1)

  slow.destroy()
  await until('an upload is accepted', async () => (await post(url, image)).status === 202)
})

test('images are refused when the disk is nearly full', async t => {
  const { url, dataDir } = await startDarkroom(t, { MIN_FREE_BYTES: String(Number.MAX_SAFE_INTEGER) })
  assertRefusal(await post(url, image), 503, 'disk-full')
  assert.deepEqual(stored(dataDir), [])
})

function assertRefusal(answer: HttpResponse, status: number, code: string): void {
  assertProblem({ ...answer, statusCode: answer.status }, status, code)
  assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
}
