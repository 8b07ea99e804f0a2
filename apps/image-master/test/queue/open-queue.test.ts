import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, InvalidConfig, ServiceClients } from '@darkroom/service-kit'
import { openQueue } from '../../src/queue/open-queue.ts'

test('a QUEUE_URL that is not a valid URL is refused, and the error leaves its password out', async t => {
  const logger = createLogger('image-master', 'silent')
  const clients = new ServiceClients({ kvUrl: 'http://127.0.0.1:9', logger })
  t.after(() => clients.close())
  for (const queueUrl of ['redis://:a#secret@redis:6379', 'redis://:secret@redis:99999']) {
    const settings = { queueUrl, leaseMs: 10_000, reconcileMs: 3000, bullBoard: 'off' } as const
    await assert.rejects(
      openQueue(settings, { taskDb: clients.taskDb, logger }),
      error =>
        error instanceof InvalidConfig &&
        /QUEUE_URL.*65535/.test(error.message) &&
        !/secret/.test(error.message),
    )
  }
})
