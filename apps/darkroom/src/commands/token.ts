import { deriveWorkerToken } from '@darkroom/service-kit'
import { readClusterToken } from '../cluster-token.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { loadSettings } from '../settings.ts'
import { argumentError, refuseOtherOptions } from '../usage-error.ts'

/** Prints the token for workers. It is derived from the cluster token, so Darkroom need not run. */
export async function tokenCommand(
  process: NodeJS.Process,
  names: string[],
  options: object,
): Promise<number> {
  refuseOtherOptions('token', options)
  if (names.join() !== 'worker') throw argumentError('token', 'worker', names)
  const { clusterToken: given, dataDir } = loadSettings(process.env)
  const clusterToken = given ?? readClusterToken(dataDir)
  if (clusterToken === undefined)
    throw new ExpectedFailure(`there is no cluster token in ${dataDir}; set CLUSTER_TOKEN, or DATA_DIR`)
  process.stdout.write(`${deriveWorkerToken(clusterToken)}\n`)
  return 0
}
