import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Queue, QueueEvents } from 'bullmq'
import Fastify from 'fastify'
import { type Job, readSettings } from './settings.ts'
import { writeDurably } from './write-durably.ts'

/**
 * A typical server around sharp: it syncs an upload to disk and queues it with BullMQ; worker.ts develops it. With
 * `Prefer: wait`, the response waits until the image is developed.
 */
const { folder, connection, port } = readSettings()
const queue = new Queue<Job>('images', {
  connection,
  // waitUntilFinished() needs the job for a moment after its end.
  defaultJobOptions: { removeOnComplete: 1000, removeOnFail: 1000, attempts: 3 },
})
const events = new QueueEvents('images', { connection })
await events.waitUntilReady()

const app = Fastify({ bodyLimit: 100 * 1024 * 1024 })
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

app.post<{ Body: Buffer }>('/images', async (request, reply) => {
  const id = randomUUID()
  await writeDurably(join(folder, `${id}.original`), request.body)
  const job = await queue.add('develop', { id }, { jobId: id })
  if (request.headers.prefer === undefined) return reply.code(202).send({ id })
  await job.waitUntilFinished(events, 60_000)
  return { id }
})

app.get<{ Params: { id: string } }>('/images/:id/result', async (request, reply) => {
  const file = await open(join(folder, `${request.params.id}.result`))
  const { size } = await file.stat()
  reply.header('content-length', size)
  return reply.send(file.createReadStream())
})

await app.listen({ port, host: '127.0.0.1' })
process.stdout.write('ready\n')
