import { clusterStateRoutes, defaultRegister } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import type { NodeRegisters } from './node-registers.ts'
import { readWhole } from './register-value.ts'

/** The routes of the register `value`: whole numbers, as plain text. */
export function addValueRoutes(app: App, registers: NodeRegisters): void {
  app.route({
    ...clusterStateRoutes.getValue,
    handler: async () => String(registers.read(defaultRegister).value),
  })

  for (const route of [clusterStateRoutes.setValue, clusterStateRoutes.setValueByGet]) {
    app.route({
      ...route,
      exposeHeadRoute: false, // a HEAD would set the register, too
      handler: async ({ params }) =>
        String((await registers.set(defaultRegister, readWhole(params.value))).value),
    })
  }

  app.route({
    ...clusterStateRoutes.notifyValue,
    handler: async ({ params, query }) => {
      const notification = { ...params, ...query }
      return String((await registers.notify(defaultRegister, readWhole(params.value), notification)).value)
    },
  })
}
