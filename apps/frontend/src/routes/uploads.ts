import { frontendRoutes, hasEnded } from '@darkroom/contracts'
import { type App, acceptBytes, hangUpSignal, holdSignal } from '@darkroom/service-kit'
import { setRetryAfter, toImageStatus } from '../image-status.ts'
import { applyPreferredWait } from '../preferred-wait.ts'
import { upload } from '../upload.ts'
import { waitForEnd } from '../wait-for-end.ts'
import type { FrontendClients } from './images.ts'

export function addUploadRoutes(app: App, { imageMaster, taskDb }: FrontendClients): void {
  acceptBytes(app)

  app.route({
    ...frontendRoutes.uploadImage,
    handler: async (request, reply) => {
      const wait = applyPreferredWait(request.headers.prefer, reply)
      const accepted = await upload(
        request,
        {
          operations: request.query.operations,
          idempotencyKey: request.headers['idempotency-key'],
          signal: hangUpSignal(reply),
        },
        imageMaster,
      )
      const waited =
        wait > 0 &&
        (await waitForEnd(taskDb, accepted.id, wait, holdSignal(reply, wait)).catch(error => {
          // It is accepted all the same, and to hear anything else would have it uploaded again.
          request.log.warn({ err: error, id: accepted.id }, 'could not wait for an image')
        }))
      const task = waited || accepted
      setRetryAfter(reply, task)
      reply.header('location', `/images/${task.id}`)
      return reply.code(wait > 0 && hasEnded(task) ? 200 : 202).send(toImageStatus(task))
    },
  })

  app.route({
    ...frontendRoutes.newImage,
    handler: async (request, reply) => {
      const { id } = await upload(
        request,
        {
          operations: request.query.operations,
          idempotencyKey: request.headers['idempotency-key'],
          signal: hangUpSignal(reply),
        },
        imageMaster,
      )
      return reply.code(202).type('text/plain').send(id)
    },
  })
}
