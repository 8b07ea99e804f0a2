import { type App, Gauge } from '@darkroom/service-kit'
import type { StateNode } from './node/state-node.ts'

/** Metrics of the state and of the known members. The amount of gossip is in the metrics of `/gossip` and `/sync`. */
export function measureState(app: App, node: StateNode): void {
  new Gauge({
    name: 'darkroom_state_entries',
    help: 'Registers, deleted ones included, and parts of counters that the node holds',
    registers: [app.metrics],
    collect() {
      this.set(node.state.size)
    },
  })
  new Gauge({
    name: 'darkroom_state_names',
    help: 'Registers, deleted ones included, and counters by kind',
    labelNames: ['kind'],
    registers: [app.metrics],
    collect() {
      this.set({ kind: 'register' }, node.state.registerNames().size)
      this.set({ kind: 'counter' }, [...node.state.counterNames()].length)
    },
  })
  new Gauge({
    name: 'darkroom_state_members',
    help: 'Other nodes that are considered alive, by data centre',
    labelNames: ['data_centre'],
    registers: [app.metrics],
    collect() {
      this.reset()
      for (const { dataCentre } of node.membership?.members() ?? []) this.inc({ data_centre: dataCentre })
    },
  })
}
