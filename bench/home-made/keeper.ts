import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import Fastify from 'fastify'
import { readSettings } from './settings.ts'
import { writeDurably } from './write-durably.ts'

/**
 * The simplest server that is as durable as Darkroom: `POST /images` answers 202 when the bytes and a line about them are
 * on disk. `POST /stream` is for large files: the bytes go to one file, which is synced.
 */
const { folder, port } = readSettings()
const log = await open(join(folder, 'log'), 'a')
const app = Fastify({ bodyLimit: 100 * 1024 * 1024 })
app.addContentTypeParser('*', (_request, body, done) => done(null, body))

app.post<{ Body: Readable }>('/images', async (request, reply) => {
  const id = randomUUID()
  await writeDurably(join(folder, id), await buffer(request.body))
  await log.appendFile(`${JSON.stringify({ id, state: 'not-started' })}\n`)
  await log.datasync()
  return reply.code(202).send({ id })
})

app.post<{ Body: Readable }>('/stream', async (request, reply) => {
  const id = randomUUID()
  // The pieces are large: with the default size, this would take twice the time.
  await pipeline(
    request.body,
    createWriteStream(join(folder, id), { flags: 'wx', flush: true, highWaterMark: 1024 * 1024 }),
  )
  return reply.code(202).send({ id })
})

await app.listen({ port, host: '127.0.0.1' })
process.stdout.write('ready\n')
