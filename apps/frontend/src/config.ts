import { authModes, defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, portSetting } from '@darkroom/service-kit'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts.frontend),
  auth: Type.Optional(
    Type.Enum(authModes, {
      description:
        'keys: every request needs an API key; open: whoever reaches it is served. Unset: open on loopback until the first key is made, keys elsewhere',
    }),
  ),
  allowAnonymous: Type.Boolean({ default: false, description: 'Deprecated: AUTH=open takes its place' }),
  publishedOn: Type.Optional(
    Type.String({
      description:
        'The address on which the port of a container is published: with AUTH unset, it decides in the place of HOST',
    }),
  ),
  requestsPerKey: Type.Integer({
    default: 0,
    minimum: 0,
    description: 'How many requests a minute one API key may send to this frontend (429); 0: any number',
  }),
  requestsPerAddress: Type.Integer({
    default: 0,
    minimum: 0,
    description:
      'How many requests a minute may come from one address (429); 0: any number. Behind a proxy all come from one',
  }),
  refusedKeysPerAddress: Type.Integer({
    default: 60,
    minimum: 1,
    description: 'How many API keys that are not valid one address may send in a minute (429)',
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
