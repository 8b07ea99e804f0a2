import { type CounterRead, clusterStateRoutes, defaultCounter } from '@darkroom/contracts'
import { windowsOf } from '@darkroom/crdt'
import { type App, PageCursors, ServiceProblem } from '@darkroom/service-kit'
import type { StateNode } from '../node/state-node.ts'
import { refuse, throwProblem } from '../node-problems.ts'
import { pageOf } from './page-of.ts'

const cursors = new PageCursors('counters')

export function addCounterRoutes(app: App, node: StateNode, now: () => number): void {
  addIncrementRoutes(app, node)

  app.route({ ...clusterStateRoutes.getCount, handler: async () => String(node.state.sum(defaultCounter)) })

  app.route({
    ...clusterStateRoutes.getCounter,
    handler: async ({ params: { name }, query: { window, buckets = 1 } }) =>
      window === undefined
        ? String(node.state.sum(name))
        : readWindows(node, { name, window, buckets, now: now() }),
  })

  app.route({
    ...clusterStateRoutes.listCounters,
    handler: async ({ query }) => {
      const { names, ...next } = pageOf(node.state.counterNames(), query, cursors)
      return { counters: names.map(name => ({ name, count: node.state.sum(name) })), ...next }
    },
  })
}

function addIncrementRoutes(app: App, node: StateNode): void {
  const increment = async (name: string, amount = 1) => {
    const outcome = await node.increment(name, amount).catch(throwProblem)
    if (outcome.kind !== 'counted') refuse(outcome, `the counter ${name}`)
    return String(outcome.count)
  }

  for (const route of [clusterStateRoutes.increment, clusterStateRoutes.incrementByGet]) {
    app.route({
      ...route,
      exposeHeadRoute: false, // a HEAD would count, too
      handler: ({ query }) => increment(defaultCounter, query.amount),
    })
  }

  for (const route of [clusterStateRoutes.incrementCounter, clusterStateRoutes.incrementCounterByGet]) {
    app.route({
      ...route,
      exposeHeadRoute: false,
      handler: ({ params, query }) => increment(params.name, query.amount),
    })
  }
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

function readWindows(
  node: StateNode,
  { name, window, buckets, now }: { name: string; window: string; buckets: number; now: number },
): CounterRead {
  const windowMs = Number.parseInt(window, 10) * (unitSeconds[window.slice(-1)] ?? Number.NaN) * 1000
  const windows = windowsOf(node.state.counts(name), { windowMs, buckets, now })
  if (!windows) {
    throw new ServiceProblem(
      400,
      'invalid-window',
      `no counts are kept for ${window} in ${buckets} buckets: a window may be at most 48h; its buckets must be whole seconds up to 2m, whole minutes up to 2h, and whole hours above`,
    )
  }
  return {
    name,
    count: node.state.sum(name),
    window,
    bucketSeconds: windows.bucketMs / 1000,
    from: new Date(windows.from).toISOString(),
    counts: [...windows.counts],
  }
}
