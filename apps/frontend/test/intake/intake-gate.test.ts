import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IntakeState, intakeRegister, problemType } from '@darkroom/contracts'
import { logger, startNeighbours } from '@darkroom/image-master/testing'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import { buildApp } from '../../src/app.ts'
import { IntakeGate } from '../../src/intake/intake-gate.ts'
import { type Frontend, startFrontend } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

function upload({ ask }: Frontend, path = '/images') {
  return ask(path, { method: 'POST', body: png })
}

async function untilAnswered(frontend: Frontend, status: number): Promise<void> {
  await until(`an upload is answered ${status}`, async () => (await upload(frontend)).status === status)
}

test('while the intake is paused, uploads are refused with 503, and other requests are answered', async t => {
  const frontend = await startFrontend(t, {}, { intakeCheckMs: 20 })
  const { clusterState } = frontend.clients
  const set = (body: IntakeState) => clusterState.putRegister({ params: { name: intakeRegister }, body })
  const { id } = (await upload(frontend)).json()

  await set('paused')
  await untilAnswered(frontend, 503)
  for (const path of ['/images', '/newImage']) {
    const response = await upload(frontend, path)
    assert.deepEqual([response.status, response.json().type], [503, problemType('intake-paused')])
    assert.ok(Number(response.headers['retry-after']) >= 1)
  }
  assert.equal((await frontend.ask(`/images/${id}`)).status, 200)
  assert.equal((await frontend.ask('/readyz')).status, 200)

  await set('open')
  await untilAnswered(frontend, 202)
  await set('paused')
  await untilAnswered(frontend, 503)
  await clusterState.deleteRegister({ params: { name: intakeRegister } })
  await untilAnswered(frontend, 202)
})

test('operators switch the intake, and this frontend follows at once', async t => {
  const frontend = await startFrontend(t)
  const set = (payload: unknown) =>
    frontend.app.inject({
      method: 'PUT',
      url: '/intake',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(payload),
    })
  assert.deepEqual((await set({ state: 'paused' })).json(), { state: 'paused' })
  assert.equal((await upload(frontend)).status, 503)
  assert.equal((await frontend.ask('/stats')).json().intake, 'paused')
  assert.equal((await set({ state: 'open' })).statusCode, 200)
  assert.equal((await upload(frontend)).status, 202)
  assertProblem(await set({ state: 'ajar' }), 400, 'invalid-request')
})

test('a frontend that starts during a pause refuses even the first upload', async t => {
  const frontend = await startFrontend(t)
  await frontend.clients.clusterState.putRegister({ params: { name: intakeRegister }, body: 'paused' })
  const another = buildApp({ clients: frontend.clients, logger, accessMode: 'open', intakeCheckMs: 60_000 })
  frontend.defer(() => another.close())
  const headers = { host: 'localhost', 'content-type': 'image/png' }
  const response = await another.inject({ method: 'POST', url: '/images', headers, payload: png })
  assert.equal(response.statusCode, 503)
})

test('an unknown state of the intake changes nothing', async t => {
  const neighbours = await startNeighbours(t)
  const { clusterState } = neighbours.clients
  let reads = 0
  const getRegister: typeof clusterState.getRegister = async call => {
    const reply = await clusterState.getRegister(call)
    reads += 1
    return reply
  }
  const gate = new IntakeGate({ clusterState: { ...clusterState, getRegister }, logger, checkMs: 5 })
  neighbours.defer(() => gate.close())
  const setTo = async (body: unknown) => {
    await clusterState.putRegister({ params: { name: intakeRegister }, body })
    // A read that was in progress may have begun before the change.
    const before = reads
    await until('it has read the state twice', () => reads >= before + 2)
  }
  await setTo('paused')
  await assert.rejects(gate.check(), /uploads are paused/)
  for (const nonsense of ['closed', 1, { state: 'open' }]) {
    await setTo(nonsense)
    await assert.rejects(gate.check(), /uploads are paused/)
  }
  await setTo('open')
  await gate.check()
  await setTo('closed')
  await gate.check()
})
