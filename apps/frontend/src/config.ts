import { defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, portSetting } from '@darkroom/service-kit'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts.frontend),
  allowAnonymous: Type.Boolean({
    default: false,
    description:
      'Serves whoever reaches it, without API keys: only where something before it decides who does. Needed to listen elsewhere than on loopback',
  }),
  intakeCheckMs: Type.Integer({
    default: 1000,
    minimum: 10,
    description: 'How often cluster-state is asked whether the intake is paused',
  }),
  publicUrl: Type.String({
    default: '',
    description:
      'URLs, separated by commas, under which browsers reach it; localhost and plain addresses always work',
  }),
  allowedHosts: Type.String({ default: '', description: 'Deprecated: PUBLIC_URL takes its place' }),
})
export type Config = Static<typeof Config>
