import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { intakeRegister } from '@darkroom/contracts'
import { generateImage, type ServiceProcess, until } from '@darkroom/testing'
import { prepareFleet, untilReady } from '../fleet.ts'
import { post } from '../uploads.ts'

/** The limit from the write to the last frontend. Gossip takes less than a second, and a frontend reads once a second. */
const promisedMs = 10_000

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

test('a change of the intake at one node of cluster-state reaches every frontend within 10 s', async t => {
  const fleet = await prepareFleet(t)
  const { 'cluster-state': first, frontend } = await fleet.startAll()
  const other = await fleet.start('cluster-state', { DATA_DIR: join(fleet.dataDir, 'other') })
  const frontends = [frontend, await fleet.start('frontend')]
  await Promise.all(frontends.map(untilReady))
  for (const node of [first, other]) {
    await until('the nodes have found each other', async () => {
      const { members } = (await fleet.ask(node, '/members')).json()
      return Array.isArray(members) && members.length === 1
    })
  }

  const set = (state: string) =>
    fleet.ask(first, `/registers/${intakeRegister}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(state),
    })
  const intakeOf = async (node: ServiceProcess) =>
    (await fleet.ask(node, `/registers/${intakeRegister}`)).json().value
  const uploadsAreAnswered = async (status: number) => {
    const responses = await Promise.all(frontends.map(({ url }) => post(url, png)))
    return responses.every(response => response.status === status)
  }

  assert.ok(await uploadsAreAnswered(202))
  for (const [state, status] of [
    ['paused', 503],
    ['open', 202],
  ] as const) {
    const setAt = performance.now()
    assert.equal((await set(state)).status, 200)
    await until(`the other node has ${state}`, async () => (await intakeOf(other)) === state)
    const heardMs = performance.now() - setAt
    // Uploads are tried only now: a frontend queries the nodes in turn, and a node with the old value would change it back.
    await until(`uploads are answered ${status}`, () => uploadsAreAnswered(status))
    const tookMs = performance.now() - setAt
    t.diagnostic(
      `${state}: the other node after ${Math.round(heardMs)} ms, both frontends after ${Math.round(tookMs)} ms`,
    )
    assert.ok(tookMs <= promisedMs, `took ${Math.round(tookMs)} ms`)
  }
})
