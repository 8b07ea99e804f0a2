import { defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, dataDirSetting, longestTimerMs, portSetting } from '@darkroom/service-kit'
import { storeUrlPattern } from './engine/open-store.ts'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts['task-db']),
  dataDir: dataDirSetting,
  taskStoreUrl: Type.Optional(
    Type.String({
      pattern: storeUrlPattern,
      forms: 'sqlite:<path>, or postgres://<user>:<password>@<host>[,<host>…]/<database>',
      description: 'Default: sqlite:<DATA_DIR>/task-db.sqlite',
    }),
  ),
  taskStoreConnections: Type.Integer({
    default: 10,
    minimum: 2,
    description: 'PostgreSQL: maximum number of connections of this process, besides the one for LISTEN',
  }),
  taskStoreTimeoutMs: Type.Integer({
    default: 5000,
    minimum: 100,
    maximum: 60_000,
    description: 'How long a request is retried while PostgreSQL does not answer; then 503',
  }),
  expiryCheckMs: Type.Integer({
    default: 1000,
    minimum: 10,
    maximum: longestTimerMs,
    description: 'How often to look for expired leases; the task of a dead worker may wait this much longer',
  }),
})
export type Config = Static<typeof Config>
