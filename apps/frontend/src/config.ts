import { defaultPorts } from '@darkroom/contracts'
import { commonSettings, portSetting } from '@darkroom/service-kit'
import { type Static, Type } from 'typebox'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts.frontend),
  allowAnonymous: Type.Boolean({
    default: false,
    description:
      'Serves whoever reaches it, without API keys: only where something before it decides who does. Needed to listen elsewhere than on loopback',
  }),
  allowedHosts: Type.String({
    default: '',
    description:
      'Host names, separated by commas, under which it is reached; localhost and plain addresses always are',
  }),
})
export type Config = Static<typeof Config>
