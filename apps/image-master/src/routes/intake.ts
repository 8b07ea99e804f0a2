import { imageMasterRoutes } from '@darkroom/contracts'
import { type App, acceptBytes } from '@darkroom/service-kit'
import { type IntakeDependencies, takeIn } from '../intake.ts'

export function addIntakeRoutes(app: App, dependencies: IntakeDependencies): void {
  acceptBytes(app)

  app.route({
    ...imageMasterRoutes.newImage,
    handler: async ({ headers, query: { operations }, body }, reply) => {
      const declared = headers['content-length']
      const task = await takeIn(
        {
          body: bytesOf(body),
          bytes: declared === undefined ? undefined : Number(declared),
          operations,
          idempotencyKey: headers['idempotency-key'],
        },
        dependencies,
      )
      return reply.code(202).send(task)
    },
  })
}

/** A request without a body has none, not an empty one. */
async function* bytesOf(
  body: AsyncIterable<Uint8Array> | Uint8Array | null | undefined,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body
  else if (body) yield* body
}
