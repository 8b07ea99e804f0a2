import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import type { App } from '@darkroom/service-kit'
import type { Queue } from 'bullmq'

const path = '/bull-board'
/** Only the page's own files and responses: otherwise the page would wait for fonts from another site. */
const contentSecurityPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

/**
 * Bull Board, a page that shows the queue's jobs. It needs the cluster token: browsers send it as the password of
 * HTTP Basic, with any user name.
 */
export function addQueueBoard(
  app: App,
  { queue, mode }: { queue: Queue; mode: 'read-only' | 'read-write' },
): void {
  const adapter = new FastifyAdapter().setBasePath(path)
  createBullBoard({
    queues: [new BullMQAdapter(queue, { readOnlyMode: mode === 'read-only' })],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Darkroom', hideRedisDetails: true } },
  })
  app.register(async scope => {
    scope.addHook('onRoute', route => {
      route.config = { ...route.config, isForBrowsers: true }
      route.errorHandler = app.errorHandler // the board's own handler turns every refusal into a 500
    })
    scope.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'content-security-policy': contentSecurityPolicy, 'x-content-type-options': 'nosniff' })
    })
    scope.register(adapter.registerPlugin(), { prefix: path })
  })
}
