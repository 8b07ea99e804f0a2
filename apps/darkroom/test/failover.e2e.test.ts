import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceNames } from '@darkroom/contracts'
import { mapConcurrently } from '@darkroom/service-kit'
import { httpRequest, startDarkroom, startPostgres, until, withEngine } from '@darkroom/testing'
import { makePictures, smallPictures } from './album.ts'
import { assertAllDeveloped, beginDevelopment } from './development.ts'

withEngine('postgres', program =>
  test('fault: PostgreSQL fails over to its standby late, while images flow: nothing is lost, no attempt counted, no 500', async t => {
    const primary = await startPostgres(t, program)
    const standby = await startPostgres(t, program, { standbyOf: primary })
    await primary.awaitStandby()

    const hosts = `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`
    const darkroom = await startDarkroom(t, { TASK_STORE_URL: `postgres://postgres@${hosts}/postgres` })
    const pictures = await makePictures(smallPictures(60))
    const development = beginDevelopment(darkroom.url, pictures, 8)
    await until('images flow', () => development.endedCount >= 10)
    await primary.kill()
    const ready = async () => (await httpRequest(darkroom.urlOf('task-db'), '/readyz')).status
    await until('task-db is not ready', async () => (await ready()) === 503)
    // Leases that were held when the primary was killed have expired by then.
    const held = 'SELECT 1 FROM tasks WHERE lease_expires_at > clock_timestamp()'
    await until('no lease is left', async () => (await standby.query(held)).length === 0)
    await standby.promote()
    await development.ended

    assert.equal(development.accepted.size, pictures.length)
    await assertAllDeveloped(darkroom.url, development.accepted)
    await mapConcurrently(3, [...development.accepted.values()], async id => {
      const { attempts } = (await httpRequest(darkroom.url, `/images/${id}`)).json()
      assert.equal(attempts, 1, `${id} took ${attempts} attempts`)
    })
    for (const name of serviceNames) {
      const metrics = String((await darkroom.ask(name, '/metrics')).body)
      assert.doesNotMatch(metrics, /status="500"/, `${name} answered 500`)
    }
  }),
)
