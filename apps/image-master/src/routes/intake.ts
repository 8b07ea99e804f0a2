import { type Handlers, type imageMasterRoutes, urgencyOf } from '@darkroom/contracts'
import { acceptCopy, acceptUpload, type IntakeDependencies } from '../intake/intake.ts'

export function intakeHandlers(
  dependencies: IntakeDependencies,
): Pick<Handlers<typeof imageMasterRoutes>, 'newImage' | 'copyImage' | 'getLimits'> {
  return {
    async getLimits() {
      const { maxUploadBytes, maxQueued, maxQueuedPerOwner, retentionSeconds } = dependencies.settings()
      return { status: 200, body: { maxUploadBytes, maxQueued, maxQueuedPerOwner, retentionSeconds } }
    },

    async newImage({ headers, querystring, body }) {
      const declared = headers['content-length']
      const upload = {
        ...querystring,
        body,
        bytes: declared === undefined ? undefined : Number(declared),
        idempotencyKey: headers['idempotency-key'],
        urgency: urgencyOf(headers.priority),
      }
      return { status: 202, body: await acceptUpload(upload, dependencies) }
    },

    async copyImage({ headers, body }) {
      const copy = {
        ...body,
        idempotencyKey: headers['idempotency-key'],
        urgency: urgencyOf(headers.priority),
      }
      return { status: 202, body: await acceptCopy(copy, dependencies) }
    },
  }
}
