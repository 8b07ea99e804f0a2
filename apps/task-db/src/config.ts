import { defaultPorts } from '@darkroom/contracts'
import { commonSettings, dataDirSetting, portSetting } from '@darkroom/service-kit'
import { type Static, Type } from 'typebox'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts['task-db']),
  dataDir: dataDirSetting,
  taskStoreUrl: Type.Optional(
    Type.String({
      pattern: '^sqlite:',
      description: 'sqlite:<path>; default sqlite:<DATA_DIR>/task-db.sqlite',
    }),
  ),
  expiryCheckMs: Type.Integer({
    default: 1000,
    minimum: 10,
    description: 'How often leases that ran out are looked for: a dead worker is noticed this much later',
  }),
})
export type Config = Static<typeof Config>
