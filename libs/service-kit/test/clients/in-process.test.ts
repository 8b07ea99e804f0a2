import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, storageRoutes, UnexpectedReply } from '@darkroom/contracts'
import { RecordedLog } from '@darkroom/testing'
import { type Logger, pino } from 'pino'
import { createInProcessClient, InProcessServices } from '../../src/clients/in-process.ts'
import { apiOf } from '../../src/http/api.ts'
import { createLogger } from '../../src/log/logger.ts'
import { unavailable } from '../../src/problems/problems.ts'

type Storage = Client<typeof storageRoutes>

/** A client of a storage in this process with the given `putBlob`. */
function clientOf(
  putBlob: (body: AsyncIterable<Uint8Array>) => Promise<never>,
  logger: Logger = pino({ enabled: false }),
): Storage {
  const services = new InProcessServices()
  const handlers = { putBlob: ({ body }: { body: AsyncIterable<Uint8Array> }) => putBlob(body) }
  services.offer('storage', apiOf(storageRoutes, handlers as never), logger)
  return createInProcessClient({ service: 'storage', routes: storageRoutes, services, remote: {} as Storage })
}

function put(storage: Storage, body: AsyncIterable<Uint8Array>) {
  return storage.putBlob({ params: { key: 'k', stage: 'pre' }, querystring: {}, headers: {}, body })
}

test('an error of a call’s body is thrown to the caller unchanged', async () => {
  const broken = new Error('the body was interrupted')
  async function* body() {
    yield Buffer.from('some')
    throw broken
  }
  const storage = clientOf(async given => {
    await Array.fromAsync(given)
    throw new Error('not reached')
  })
  await assert.rejects(put(storage, body()), error => error === broken)
})

test('an error of the service becomes a problem', async () => {
  async function* body() {
    yield Buffer.from('all')
  }
  const storage = clientOf(async given => {
    await Array.fromAsync(given)
    throw new Error('a fault of the service')
  })
  await assert.rejects(
    put(storage, body()),
    error => error instanceof UnexpectedReply && error.status === 500,
  )
})

test('an outage of the service is logged once, however many calls fail', async () => {
  const log = new RecordedLog()
  const refuse = async () => {
    throw unavailable('disk-full', 'the disk is full', 60, new Error('no space left'))
  }
  const storage = clientOf(refuse, createLogger('storage', 'info', log))
  async function* body() {
    yield Buffer.from('all')
  }
  for (let n = 0; n < 3; n++) assert.equal((await put(storage, body())).status, 503)
  assert.equal(log.errors.length, 1)
})
