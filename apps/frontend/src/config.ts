import { authModes, defaultPorts } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { commonSettings, longestTimerMs, portSetting } from '@darkroom/service-kit'

export const Config = Type.Object({
  ...commonSettings,
  port: portSetting(defaultPorts.frontend),
  auth: Type.Optional(
    Type.Enum(authModes, {
      description:
        'keys: every request needs an API key. open: no request needs a key. Unset: open on loopback until the first key is created, keys on other addresses',
    }),
  ),
  dataDir: Type.Optional(
    Type.String({
      description:
        'Folder where the frontend records that keys were required, and the fingerprint of the signing secret, in case kv-config is lost. Unset: both are lost when the process ends',
    }),
  ),
  allowAnonymous: Type.Boolean({ default: false, description: 'Deprecated: use AUTH=open' }),
  publishedOn: Type.Optional(
    Type.String({
      description:
        'The address on which the port of a container is published. If AUTH is unset, this address decides instead of HOST',
    }),
  ),
  requestsPerKey: Type.Integer({
    default: 0,
    minimum: 0,
    description: 'Requests a minute that this frontend accepts from one API key, then 429; 0 for any number',
  }),
  requestsPerAddress: Type.Integer({
    default: 0,
    minimum: 0,
    description:
      'Requests a minute that this frontend accepts from one address, then 429; 0 for any number. Behind a proxy, all requests have its address unless TRUST_PROXY names it',
  }),
  refusedKeysPerAddress: Type.Integer({
    default: 60,
    minimum: 1,
    description: 'Invalid API keys a minute that one address may send, then 429',
  }),
  uploadExpirySeconds: Type.Integer({
    default: 86_400,
    minimum: 1,
    maximum: 31_536_000,
    description: 'How long an unfinished resumable upload is kept after its last byte',
  }),
  maxUploadsPerOwner: Type.Integer({
    default: 1000,
    minimum: 1,
    description: 'Resumable uploads of one owner that are not finished; further uploads are refused (429)',
  }),
  maxStreamsPerOwner: Type.Integer({
    default: 10_000,
    minimum: 1,
    description:
      'Event streams of all images that one owner may have open at this frontend; further streams are refused (429)',
  }),
  maxGrantsPerOwner: Type.Integer({
    default: 10_000,
    minimum: 1,
    description: 'Grants of one owner that have not expired; further grants are refused (429)',
  }),
  intakeCheckMs: Type.Integer({
    default: 1000,
    minimum: 10,
    maximum: longestTimerMs,
    description: 'How often to read in cluster-state whether the intake is paused',
  }),
  publicUrl: Type.String({
    default: '',
    description:
      'URLs at which browsers reach the frontend, separated by commas; localhost and plain addresses always work',
  }),
  corsOrigins: Type.String({
    default: '',
    description:
      'Origins of other sites whose pages may use the API with a key, separated by commas, such as https://shop.example',
  }),
  trustProxy: Type.String({
    default: '',
    description:
      'Proxies whose X-Forwarded-For, -Proto and -Host are used: addresses and networks (CIDR), or loopback, linklocal and uniquelocal, separated by commas; or the number of proxies in a row; or true for every address',
  }),
  allowedHosts: Type.String({ default: '', description: 'Deprecated: use PUBLIC_URL' }),
  outboundNetworks: Type.String({
    default: '',
    description:
      'Networks such as 10.1.0.0/16, separated by commas, that imports and webhooks may reach besides public addresses',
  }),
})
export type Config = Static<typeof Config>
