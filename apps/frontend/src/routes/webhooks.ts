import { frontendRoutes } from '@darkroom/contracts'
import { type App, type ServiceClients, ServiceProblem } from '@darkroom/service-kit'
import { imageNotFound, requireImage } from '../access/caller.ts'
import { setRetryAfter, toImageStatus } from '../images/image-status.ts'
import { linkBase } from '../public-urls.ts'
import type { WebhookSecrets } from '../webhooks/webhook-secrets.ts'
import type { WebhookSender } from '../webhooks/webhook-sender.ts'

const defaultKeepSeconds = 86_400

export function addWebhookRoutes(
  app: App,
  { taskDb }: Pick<ServiceClients, 'taskDb'>,
  { sender, secrets }: { sender: WebhookSender; secrets: WebhookSecrets },
  publicUrls: readonly URL[],
): void {
  app.route({
    ...frontendRoutes.getWebhookSecret,
    handler: async ({ caller }) => secrets.read(caller.owner),
  })

  app.route({
    ...frontendRoutes.rotateWebhookSecret,
    handler: async ({ caller, query: { keep = defaultKeepSeconds }, log }, reply) => {
      const made = await secrets.rotate(caller.owner, keep)
      log.warn({ owner: caller.owner, by: caller.keyId, keepSeconds: keep }, 'a webhook secret was rotated')
      return reply.code(201).send(made)
    },
  })

  app.route({
    ...frontendRoutes.repeatCallback,
    handler: async ({ params: { id }, host, caller }, reply) => {
      const image = await requireImage(taskDb, caller, id)
      if (!image.callback) throw new ServiceProblem(409, 'no-callback', `the image ${id} has no callback`)
      const { status, body } = await taskDb.repeatNotice({ params: { id } })
      if (status === 404) imageNotFound(id)
      if (status === 409) {
        throw new ServiceProblem(
          409,
          'not-ended',
          `the image ${id} is not finished; its webhook is sent when it is finished or has failed`,
        )
      }
      sender.wake()
      setRetryAfter(reply, body)
      return reply.code(202).send(toImageStatus(body, linkBase(publicUrls, host)))
    },
  })
}
