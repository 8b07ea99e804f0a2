import { IntakeState, intakeRegister } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type ServiceClients, ServiceUnavailable } from '@darkroom/service-kit'
import { callNode, callServices } from '../call-services.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { readUrl } from '../read-url.ts'
import { argumentError, refuseOtherOptions } from '../usage-error.ts'

type ClusterState = ServiceClients['clusterState']

const exampleUrl = 'http://10.0.0.2:8085'
const stateAfter: Readonly<Record<string, IntakeState>> = { open: 'open', pause: 'paused' }

/**
 * Shows whether images are accepted, or makes every frontend accept or refuse them. `--url` names a node of
 * cluster-state to use when kv-config is unreachable.
 */
export async function intakeCommand(
  process: NodeJS.Process,
  names: string[],
  { url, ...others }: { url?: string },
): Promise<number> {
  refuseOtherOptions('intake', others)
  const [verb = ''] = names
  const isVerb = verb === 'show' || Object.hasOwn(stateAfter, verb)
  if (!isVerb || names.length > 1) throw argumentError('intake', 'pause, open or show', names)

  const state = stateAfter[verb]
  const change = (clusterState: ClusterState) =>
    state === undefined ? intakeState(clusterState) : setIntake(clusterState, state)
  const result =
    url === undefined
      ? await callServices(process.env, clients => change(clients.clusterState)).catch(addUrlHint)
      : await callNode(process.env, readUrl('--url', url, exampleUrl), change)
  process.stdout.write(`${result}\n`)
  return 0
}

function addUrlHint(error: unknown): never {
  if (!(error instanceof ExpectedFailure && error.cause instanceof ServiceUnavailable)) throw error
  const hint = `--url selects a node of cluster-state that you can reach, such as --url ${exampleUrl}`
  throw new ExpectedFailure(`${error.message}; ${hint}`, { cause: error })
}

/** Returns the response to the write, because another node may not have the new state yet. */
async function setIntake(clusterState: ClusterState, state: IntakeState): Promise<string> {
  const reply = await clusterState.putRegister({ params: { name: intakeRegister }, body: state })
  if (reply.status !== 200) throw new ExpectedFailure(reply.body.detail ?? reply.body.title)
  return String(reply.body.value)
}

/** The state of the intake in cluster-state. @throws ExpectedFailure if the register has another value */
export async function intakeState(clusterState: ClusterState): Promise<IntakeState> {
  const reply = await clusterState.getRegister({ params: { name: intakeRegister } })
  if (reply.status === 404) return 'open'
  const { value } = reply.body
  if (Value.Check(IntakeState, value)) return value
  throw new ExpectedFailure(
    `the register ${intakeRegister} has the value ${JSON.stringify(value)}, so each frontend keeps its last known state; to set a state: npx darkroom intake open, or pause`,
  )
}
