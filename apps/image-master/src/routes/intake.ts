import { imageMasterRoutes, urgencyOf } from '@darkroom/contracts'
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
          body,
          bytes: declared === undefined ? undefined : Number(declared),
          operations,
          idempotencyKey: headers['idempotency-key'],
          urgency: urgencyOf(headers.priority),
        },
        dependencies,
      )
      return reply.code(202).send(task)
    },
  })
}
