import { type IntakeState, intakeRegister } from '@darkroom/contracts'
import type { ServiceClients } from '@darkroom/service-kit'
import { askServices } from '../ask-services.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { UsageError } from '../usage-error.ts'

const stateAfter: Readonly<Record<string, IntakeState>> = { open: 'open', pause: 'paused' }

/** Says whether images are taken in, or has every frontend take them or not. */
export async function intakeCommand(
  process: NodeJS.Process,
  [verb = '', ...surplus]: string[],
  options: object,
): Promise<number> {
  const isVerb = verb === 'show' || Object.hasOwn(stateAfter, verb)
  if (!isVerb || surplus.length > 0 || Object.keys(options).length > 0)
    throw new UsageError('intake takes one of pause, open and show')

  const state = stateAfter[verb]
  const shown = await askServices(process.env, clients =>
    // Another node may not have heard of it yet: what was set is shown as the one that was told answers it.
    state === undefined ? intakeState(clients) : set(clients, state),
  )
  process.stdout.write(`${shown}\n`)
  return 0
}

async function set({ clusterState }: ServiceClients, state: IntakeState): Promise<string> {
  const reply = await clusterState.putRegister({ params: { name: intakeRegister }, body: state })
  if (reply.status !== 200) throw new ExpectedFailure(reply.body.detail ?? reply.body.title)
  return String(reply.body.value)
}

/** What cluster-state says about the intake. */
export async function intakeState({ clusterState }: ServiceClients): Promise<string> {
  const reply = await clusterState.getRegister({ params: { name: intakeRegister } })
  return reply.status === 404 ? 'open' : String(reply.body.value)
}
