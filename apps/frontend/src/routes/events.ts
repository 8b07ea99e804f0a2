import { Readable } from 'node:stream'
import { frontendRoutes, hasEnded } from '@darkroom/contracts'
import type { App, ServiceClients } from '@darkroom/service-kit'
import type { FastifyReply } from 'fastify'
import { requireImage } from '../access/caller.ts'
import { type EventHub, eventIdOf } from '../events/event-hub.ts'
import { EventStream, heartbeatEvent } from '../events/event-stream.ts'
import { linkBase } from '../public-urls.ts'

/** Server-sent events. Fastify's own way of streaming a response would cost twice the memory for each. */
export function addEventRoutes(
  app: App,
  { taskDb }: Pick<ServiceClients, 'taskDb'>,
  hub: EventHub,
  publicUrls: readonly URL[],
): void {
  app.route({
    ...frontendRoutes.followImage,
    handler: async ({ method, params: { id }, query, headers, host, caller }, reply) => {
      using watch = hub.watch(id)
      const task = await requireImage(taskDb, caller, id)
      // No more events: 204 stops an EventSource from reconnecting (WHATWG HTML, 9.2.3).
      if (hasEnded(task) && lastEventIdIn({ headers, query }) === eventIdOf(task))
        return reply.code(204).send()
      if (method === 'HEAD') return sendHead(reply)
      reply.hijack()
      const options = {
        imageId: id,
        caller,
        linkBase: linkBase(publicUrls, host),
        headers: reply.getHeaders(),
      }
      hub.followImage(task, new EventStream(reply.raw, options), watch)
    },
  })

  app.route({
    ...frontendRoutes.followImages,
    handler: async ({ method, query, headers, host, caller }, reply) => {
      hub.requireRoom(caller)
      if (method === 'HEAD') return sendHead(reply)
      reply.hijack()
      const options = {
        caller,
        linkBase: linkBase(publicUrls, host),
        ...(query.heartbeat && { heartbeat: heartbeatEvent }),
        headers: reply.getHeaders(),
      }
      const isContinued = lastEventIdIn({ headers, query }) !== undefined
      await hub.followAll(new EventStream(reply.raw, options), { isContinued })
    },
  })
}

interface EventRequest {
  headers: { 'last-event-id'?: string }
  query: { lastEventId?: string }
}

function lastEventIdIn({ headers, query }: EventRequest): string | undefined {
  return headers['last-event-id'] ?? query.lastEventId
}

function sendHead(reply: FastifyReply): FastifyReply {
  return reply.type('text/event-stream').send(Readable.from([]))
}
