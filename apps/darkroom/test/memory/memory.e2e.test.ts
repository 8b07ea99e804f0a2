import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  forgetPeak,
  httpRequest,
  procIsMissing,
  residentMemory,
  type ServiceProcess,
  tiffOf,
  untilIdle,
} from '@darkroom/testing'
import { kill, prepareFleet } from '../fleet.ts'
import { upload } from '../uploads.ts'

const MiB = 1024 * 1024
const allowed = 16 * MiB

for (const [which, warmUps] of [
  ['has accepted a small image before', 1],
  ['has accepted no image before', 0],
] as const) {
  const title = `64 MiB take at most 16 MiB of memory in each service that ${which}`
  test(title, { skip: procIsMissing }, async t => {
    const fleet = await prepareFleet(t)
    const { frontend, storage, ...services } = await fleet.startAll()
    await kill(services['image-worker'])
    const streaming = { frontend, storage, 'image-master': services['image-master'] }
    for (let count = 0; count < warmUps; count++) await upload(frontend.url, tiffOf(MiB))
    const large = tiffOf(64 * MiB)

    const { id } = await assertMemory(t, streaming, 'the upload', async () => ({
      id: await upload(frontend.url, large),
    }))
    const original = await assertMemory(t, { frontend }, 'the download', () =>
      httpRequest(frontend.url, `/images/${id}/original`),
    )
    assert.ok(large.equals(original.body))
  })
}

/** Checks that during `work`, no service exceeds its idle memory by more than allowed. */
async function assertMemory<Result>(
  t: TestContext,
  services: Readonly<Record<string, ServiceProcess>>,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  await Promise.all(Object.values(services).map(({ pid }) => untilIdle(pid)))
  const measures = Object.entries(services).map(([name, { pid }]) => {
    const before = residentMemory(pid).now
    forgetPeak(pid)
    return { name, take: () => residentMemory(pid).peak - before }
  })
  const result = await work()
  const taken = measures.map(({ name, take }) => ({ name, bytes: take() }))
  const words = taken.map(({ name, bytes }) => `${name} ${(bytes / MiB).toFixed(1)} MiB`).join(', ')
  t.diagnostic(`${what}: ${words}`)
  assert.ok(
    taken.every(({ bytes }) => bytes <= allowed),
    `${what}: ${words}`,
  )
  return result
}
