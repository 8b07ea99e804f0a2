import { problems } from './problem-types.ts'
import { defineRoute, EventStreamBytes, Nothing } from './route.ts'
import { Type } from './typebox/typebox.js'

/** The events of the streams of images. The summaries of the routes explain each. */
export const imageEvents = ['state', 'deleted', 'reset', 'heartbeat'] as const

const lastEventId = Type.Optional(
  Type.String({ description: 'As the header Last-Event-ID, for libraries that replace EventSource' }),
)

/** The routes for server-sent events (WHATWG HTML, section 9.2). */
export const eventRoutes = {
  followImage: defineRoute({
    method: 'GET',
    url: '/images/:id/events',
    access: 'grant',
    schema: {
      summary:
        'Server-sent events: the current state of an image, then each change until it is finished or failed. `state` has the status document; `deleted` ends the stream. A client that reconnects afterwards gets a 204',
      params: Type.Object({ id: Type.String() }),
      querystring: Type.Object({ lastEventId }),
      headers: Type.Object({ 'last-event-id': Type.Optional(Type.String()) }),
      response: {
        200: EventStreamBytes,
        204: Nothing,
        404: problems('image-not-found'),
      },
    },
  }),
  followImages: defineRoute({
    method: 'GET',
    url: '/images/events',
    access: 'grant',
    schema: {
      summary:
        'Server-sent events of all images: first the unfinished images, then each change. `state` has the status document, `deleted` the id of an unfinished image that was deleted. After `reset`, changes may have been missed: read again the images that you wait for. A client that reconnects with `Last-Event-ID` gets this event first',
      querystring: Type.Object({
        lastEventId,
        heartbeat: Type.Optional(
          Type.Literal('event', {
            description:
              'A `heartbeat` event comes every 20 s, instead of a comment, which browsers hide from pages',
          }),
        ),
      }),
      headers: Type.Object({ 'last-event-id': Type.Optional(Type.String()) }),
      response: { 200: EventStreamBytes, 429: problems('too-many-streams') },
    },
  }),
}
