import { UnexpectedReply } from '@darkroom/contracts'
import { Type } from '@darkroom/contracts/typebox'
import {
  commonSettings,
  createLogger,
  loadConfig,
  ServiceClients,
  ServiceUnavailable,
  TokenRefused,
} from '@darkroom/service-kit'
import { readClusterToken } from './cluster-token.ts'
import { ExpectedFailure } from './expected-failure.ts'
import { kvUrlOf, loadSettings } from './settings.ts'

/** Short, because a person waits at the terminal. */
const timeoutMs = 3000

/**
 * Calls the services of a running Darkroom, using KV_URL or the address of kv-config that the settings imply.
 *
 * @throws InvalidConfig; ExpectedFailure if a service doesn't answer, or refuses the cluster token
 */
export async function callServices<Result>(
  environment: NodeJS.ProcessEnv,
  call: (clients: ServiceClients) => Promise<Result>,
): Promise<Result> {
  const { kvUrl } = loadConfig(
    Type.Object({ kvUrl: { ...commonSettings.kvUrl, default: kvUrlOf(loadSettings(environment)) } }),
    environment,
  )
  const otherwise = `to start it: npx darkroom start; if it runs at another address than ${kvUrl}, set HOST, PORT or KV_URL`
  return callAt(
    kvUrl,
    environment,
    error => `${error.message}; ${otherwise}`,
    async clients => {
      // Without this, any failure of kv-config would look like a service that is not registered.
      await clients.kv.listKeys({ querystring: { prefix: '', limit: 1 } })
      return call(clients)
    },
  )
}

/**
 * Sends a request to one node of cluster-state, even if kv-config is unreachable.
 *
 * @throws ExpectedFailure if the node doesn't answer, or refuses the cluster token
 */
export async function callNode<Result>(
  environment: NodeJS.ProcessEnv,
  url: string,
  call: (node: ServiceClients['clusterState']) => Promise<Result>,
): Promise<Result> {
  const explain = ({ cause }: ServiceUnavailable) =>
    `no node of cluster-state answers at ${url}: ${cause instanceof Error ? cause.message : cause}`
  return callAt(url, environment, explain, clients => call(clients.clusterStateAt(url)))
}

/** `kvUrl` is where the clients find other services; the client of a single node doesn't use it. */
async function callAt<Result>(
  kvUrl: string,
  environment: NodeJS.ProcessEnv,
  explain: (error: ServiceUnavailable) => string,
  call: (clients: ServiceClients) => Promise<Result>,
): Promise<Result> {
  const settings = loadSettings(environment)
  const clusterToken = settings.clusterToken ?? readClusterToken(settings.dataDir)
  const logger = createLogger('darkroom', 'silent')
  const clients = new ServiceClients({ kvUrl, clusterToken, logger, timeoutMs })
  try {
    return await call(clients)
  } catch (cause) {
    const explained = (message: string) => new ExpectedFailure(message, { cause })
    if (cause instanceof ServiceUnavailable) throw explained(explain(cause))
    if (cause instanceof UnexpectedReply) throw explained(cause.problem?.detail ?? cause.message)
    if (cause instanceof TokenRefused) {
      const { service } = cause
      const message =
        clusterToken === undefined
          ? `${service} needs the cluster token, and ${settings.dataDir} does not contain it`
          : `${service} refuses the cluster token`
      throw explained(`${message}; set CLUSTER_TOKEN, or DATA_DIR to the folder of the Darkroom that runs`)
    }
    throw cause
  } finally {
    await clients.close()
  }
}
