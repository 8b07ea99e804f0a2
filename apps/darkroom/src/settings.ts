import { resolve } from 'node:path'
import { defaultPorts, type ServiceName } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import {
  commonSettings,
  dataDirSetting,
  deriveWorkerToken,
  httpUrl,
  InvalidConfig,
  loadConfig,
  portSetting,
} from '@darkroom/service-kit'

/** How many ports the services need after the frontend's. */
export const furtherPorts = Math.max(...Object.values(defaultPorts)) - defaultPorts.frontend

const { host, clusterToken, drainMs } = commonSettings

const Settings = Type.Object({
  host,
  clusterToken,
  drainMs,
  port: { ...portSetting(defaultPorts.frontend), maximum: 65_535 - furtherPorts },
  dataDir: dataDirSetting,
  logLevel: { ...commonSettings.logLevel, default: 'warn' },
})
export type Settings = Static<typeof Settings>

/** The settings of all services together. Their ports follow the frontend's, in the order of the defaults. */
export function loadSettings(env: NodeJS.ProcessEnv): Settings {
  const settings = loadConfig(Settings, env)
  if (!URL.canParse(frontendUrlOf(settings)))
    throw new InvalidConfig([`HOST must be an address or a name of this machine, got "${settings.host}"`])
  return { ...settings, dataDir: resolve(settings.dataDir) }
}

export function portOf(service: ServiceName, { port }: Settings): number {
  return port + defaultPorts[service] - defaultPorts.frontend
}

export function kvUrlOf(settings: Settings): string {
  return httpUrl(settings.host, portOf('kv-config', settings))
}

export function frontendUrlOf(settings: Settings): string {
  return httpUrl(settings.host, settings.port)
}

/** The environment of one service, as it would be in a separate process. */
export function environmentOf(
  service: ServiceName,
  settings: Settings & { clusterToken: string },
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  return {
    ...env,
    PORT: String(portOf(service, settings)),
    HOST: settings.host,
    KV_URL: kvUrlOf(settings),
    ...tokenOf(service, settings),
    DATA_DIR: settings.dataDir,
    LOG_LEVEL: settings.logLevel,
    DRAIN_MS: String(settings.drainMs),
    ADVERTISE_URL: '', // could be right only for one of the services
  }
}

/** A worker handles files from untrusted clients, so it gets only its own token. */
function tokenOf(service: ServiceName, { clusterToken }: { clusterToken: string }): NodeJS.ProcessEnv {
  if (service !== 'image-worker') return { CLUSTER_TOKEN: clusterToken }
  return { CLUSTER_TOKEN: '', CLUSTER_TOKEN_FILE: '', WORKER_TOKEN: deriveWorkerToken(clusterToken) }
}
