import { createLogger, ServiceClients } from '@darkroom/service-kit'
import { readClusterToken } from './cluster-token.ts'
import { kvUrlOf, loadSettings } from './settings.ts'

/** Somebody waits at the terminal: what doesn't answer is soon given up. */
const patienceMs = 3000

/** The services of a Darkroom that runs, for a command that asks them: at KV_URL, or where the settings start it. */
export function serviceClients(environment: NodeJS.ProcessEnv): ServiceClients {
  const settings = loadSettings(environment)
  return new ServiceClients({
    kvUrl: environment.KV_URL ?? kvUrlOf(settings),
    clusterToken: settings.clusterToken ?? readClusterToken(settings.dataDir),
    logger: createLogger('darkroom', 'silent'),
    patienceMs,
  })
}
