import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settableClock, until, withEngine } from '@darkroom/testing'
import { kill, prepareFleet } from '../fleet.ts'

const hour = 3600
/** The limit from the death of a service to the end of its registration. */
const promisedMs = 15_000

withEngine('faketime', () => {
  test('fault: the clock is set back an hour, and the registration of a killed service ends in time', async t => {
    const clock = settableClock(t)
    const fleet = await prepareFleet(t)
    const kv = await fleet.start('kv-config', clock.env)
    const frontend = await fleet.start('frontend', clock.env)
    const registrations = async () => {
      const { keys } = (await fleet.ask(kv, '/keys?prefix=services/frontend/')).json() as { keys: unknown[] }
      return keys.length
    }
    await until('the frontend is registered', async () => (await registrations()) === 1)

    clock.set(-hour)
    await kill(frontend)
    const killedAt = performance.now()
    await until(
      'the registration of the killed frontend has ended',
      async () => (await registrations()) === 0,
    )
    const tookMs = performance.now() - killedAt
    assert.ok(tookMs < promisedMs, `the registration ended after ${Math.round(tookMs)} ms`)
  })
})
