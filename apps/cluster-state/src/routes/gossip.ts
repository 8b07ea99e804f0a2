import { clusterStateRoutes } from '@darkroom/contracts'
import { type App, Counter } from '@darkroom/service-kit'
import type { StateNode } from '../node/state-node.ts'
import { throwProblem } from '../node-problems.ts'
import { logRefusals } from './log-refusals.ts'

/** The routes for messages between nodes. */
export function addGossipRoutes(app: App, node: StateNode): void {
  const received = new Counter({
    name: 'darkroom_gossip_entries_total',
    help: 'Entries that other nodes pushed here, by whether they were new and were stored',
    labelNames: ['news'],
    registers: [app.metrics],
  })
  logRefusals(app)

  app.route({
    ...clusterStateRoutes.gossip,
    handler: async ({ body }, reply) => {
      const stored = await node.receive(body).catch(throwProblem)
      received.inc({ news: 'true' }, stored)
      received.inc({ news: 'false' }, body.entries.length - stored)
      return reply.code(204).send()
    },
  })

  app.route({ ...clusterStateRoutes.identify, handler: async ({ body }) => node.ownId.answerIdentify(body) })

  app.route({
    ...clusterStateRoutes.sync,
    handler: ({ body }) => node.answerSync(body).catch(throwProblem),
  })
}
