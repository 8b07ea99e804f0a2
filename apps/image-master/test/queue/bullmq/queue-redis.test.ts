import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { startRedis, until, withEngine } from '@darkroom/testing'
import { QueueRedis } from '../../../src/queue/bullmq/queue-redis.ts'
import { logger } from '../../neighbours.ts'

withEngine('redis', program => {
  async function connected(t: TestContext) {
    const server = await startRedis(t, program)
    const redis = new QueueRedis({ url: server.urlOf(0), logger })
    t.after(() => redis.close())
    await redis.untilReady(t.signal)
    return { server, redis }
  }

  suite('the connection to Redis', () => {
    for (const state of ['there', 'away'] as const) {
      test(`the connection to Redis stays closed while Redis is ${state}, even if a copy of it reconnects`, async t => {
        const { server, redis } = await connected(t)
        const copy = redis.client.duplicate()
        await until('the copy is connected', () => copy.status === 'ready')
        if (state === 'away') await server.kill()
        redis.close()
        await until('the copy is closed', () => copy.status !== 'ready')
        // BullMQ does this if it is closed while it connects.
        await assert.rejects(copy.connect())
        await until('it has ended, and does not try again', () => copy.status === 'end')
      })
    }

    test('the connection to Redis closes a connection that does not answer, and then fails at once', async t => {
      const { server, redis } = await connected(t)
      assert.equal(await redis.send(() => redis.client.ping()), 'PONG')
      server.pause()
      await assert.rejects(
        redis.send(() => redis.client.ping()),
        /Redis does not answer/,
      )
      await until('the connection is closed', () => !redis.isReady)
      await assert.rejects(
        redis.send(() => assert.fail('it was asked')),
        /Redis does not answer/,
      )
      server.resume()
      await redis.untilReady(t.signal)
      assert.equal(await redis.send(() => redis.client.ping()), 'PONG')
    })
  })
})
