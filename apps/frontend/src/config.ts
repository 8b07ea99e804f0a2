import { defaultPorts } from '@darkroom/contracts'
import { commonSettings, portSetting } from '@darkroom/service-kit'
import { type Static, Type } from 'typebox'

export const Config = Type.Object({ ...commonSettings, port: portSetting(defaultPorts.frontend) })
export type Config = Static<typeof Config>
