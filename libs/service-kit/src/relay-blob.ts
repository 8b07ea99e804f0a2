import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { Client, Stage, storageRoutes, Task } from '@darkroom/contracts'
import type { FastifyReply } from 'fastify'
import { hangUpSignal } from './hold.ts'
import { ServiceProblem } from './problems.ts'
import { collectingMemory } from './streamed-memory.ts'

type StorageClient = Client<typeof storageRoutes>

const relayed = [
  'accept-ranges',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'repr-digest',
] as const

/**
 * Answers with stored bytes as they come from the storage: whole, a range of them, 304, 404 or 416.
 */
export async function relayBlob(
  reply: FastifyReply,
  storage: StorageClient,
  { key, stage }: { key: string; stage: Stage },
): Promise<FastifyReply> {
  const isHead = reply.request.method === 'HEAD'
  const call = {
    params: { key, stage },
    headers: conditionsOf(reply.request.headers),
    signal: hangUpSignal(reply),
  }
  const stored = await (isHead ? storage.headBlob(call) : storage.getBlob(call))
  for (const name of relayed) {
    const value = stored.headers[name]
    if (value !== undefined) reply.header(name, value)
  }
  reply.code(stored.status)
  // For HEAD without any payload, Fastify would say that the length is 0.
  const noBody = isHead ? Readable.from([]) : undefined
  switch (stored.status) {
    case 200:
    case 206:
      if (!isHead) return reply.send(Readable.from(collectingMemory(stored.body), { objectMode: false }))
      await stored.body.dump()
      return reply.send(noBody)
    case 304:
      return reply.send(noBody)
    case 404:
      throw new ServiceProblem(404, 'image-gone', 'the bytes of this image are gone')
    case 416:
      throw new ServiceProblem(416, 'range-not-satisfiable', 'there are no bytes in that range')
  }
}

/** The task, if it finished. @throws ServiceProblem 409 while it may still, 422 when it failed */
export function requireFinished(task: Task): void {
  switch (task.state) {
    case 'finished':
      return
    case 'failed':
      throw new ServiceProblem(
        422,
        'image-failed',
        task.error?.detail ?? 'this image could not be developed',
        {
          ...(task.error && { title: task.error.title }),
        },
      )
    default:
      throw new ServiceProblem(409, 'not-ready', `this image is ${task.state}; try again`, {
        headers: { 'retry-after': '1' },
      })
  }
}

function conditionsOf({ range, 'if-range': ifRange, 'if-none-match': ifNoneMatch }: IncomingHttpHeaders) {
  return {
    ...(range !== undefined && { range }),
    ...(typeof ifRange === 'string' && { 'if-range': ifRange }),
    ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
  }
}
