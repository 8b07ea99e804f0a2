import { clusterStateRoutes } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import { Counter } from 'prom-client'
import type { StateNode } from '../node/state-node.ts'
import { throwProblem } from '../node-problems.ts'
import { logRefusals } from './log-refusals.ts'

/** What nodes say to each other. */
export function addGossipRoutes(app: App, node: StateNode): void {
  const heard = new Counter({
    name: 'darkroom_gossip_entries_total',
    help: 'Entries that other nodes pushed here, by whether they were news and were taken',
    labelNames: ['news'],
    registers: [app.metrics],
  })
  logRefusals(app)

  app.route({
    ...clusterStateRoutes.gossip,
    handler: async ({ body }, reply) => {
      const news = await node.receive(body).catch(throwProblem)
      heard.inc({ news: 'true' }, news)
      heard.inc({ news: 'false' }, body.entries.length - news)
      return reply.code(204).send()
    },
  })

  app.route({ ...clusterStateRoutes.identify, handler: async ({ body }) => node.ownId.meet(body) })

  app.route({
    ...clusterStateRoutes.sync,
    handler: ({ body }) => node.answerSync(body).catch(throwProblem),
  })
}
