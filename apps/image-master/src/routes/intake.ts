import { type Handlers, type imageMasterRoutes, urgencyOf } from '@darkroom/contracts'
import { acceptUpload, type IntakeDependencies } from '../intake.ts'

export function intakeHandlers(
  dependencies: IntakeDependencies,
): Pick<Handlers<typeof imageMasterRoutes>, 'newImage' | 'getLimits'> {
  return {
    async getLimits() {
      const { maxUploadBytes, maxQueued, maxQueuedPerOwner } = dependencies.settings()
      return { status: 200, body: { maxUploadBytes, maxQueued, maxQueuedPerOwner } }
    },

    async newImage({ headers, querystring: { id, operations, owner }, body }) {
      const declared = headers['content-length']
      const upload = {
        body,
        id,
        bytes: declared === undefined ? undefined : Number(declared),
        operations,
        owner,
        idempotencyKey: headers['idempotency-key'],
        urgency: urgencyOf(headers.priority),
      }
      return { status: 202, body: await acceptUpload(upload, dependencies) }
    },
  }
}
