import { defaultPorts } from '@darkroom/contracts'
import { commonSettings, portSetting } from '@darkroom/service-kit'
import { type Static, Type } from 'typebox'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts.frontend),
  allowedHosts: Type.String({
    default: '',
    description:
      'Host names, separated by commas, under which a proxy passes requests on; loopback always is',
  }),
})
export type Config = Static<typeof Config>
