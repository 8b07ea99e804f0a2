import {
  Registration,
  registrationPrefix,
  type ServiceName,
  serviceNames,
  taskStates,
} from '@darkroom/contracts'
import {
  checkHealth,
  isOutage,
  keysUnder,
  readJson,
  type ServiceClients,
  withoutCredentials,
} from '@darkroom/service-kit'
import { callServices } from '../call-services.ts'
import { refuseArguments, refuseOtherOptions } from '../usage-error.ts'
import { intakeState } from './intake.ts'

const answerMs = 10_000

interface Instance {
  name: ServiceName
  url: string
  health: string
}

/**
 * Prints all instances with their health, the tasks by state, and whether the intake is paused. Returns 1 if an instance
 * is not ready.
 */
export async function statusCommand(
  process: NodeJS.Process,
  surplus: string[],
  options: object,
): Promise<number> {
  refuseArguments('status', surplus)
  refuseOtherOptions('status', options)
  return callServices(process.env, clients => report(clients, process.stdout))
}

async function report(clients: ServiceClients, output: NodeJS.WriteStream): Promise<number> {
  const found = await Promise.all(serviceNames.map(name => findInstances(name, clients)))
  for (const { name, url, health } of found.flat()) {
    output.write(`${name.padEnd(14)}${url.padEnd(28)}${health}\n`)
  }
  const missing = serviceNames.filter((_name, index) => found[index]?.length === 0)
  for (const name of missing) output.write(`${name.padEnd(14)}not registered\n`)
  const { body: stats } = await clients.taskDb.getStats({})
  for (const state of taskStates) output.write(`${state.padEnd(14)}${stats[state]}\n`)
  const { oldestNotStartedAt } = stats
  if (oldestNotStartedAt !== undefined) output.write(`waiting since ${oldestNotStartedAt}\n`)
  if (await isPaused(clients))
    output.write('the intake is paused: uploads are refused; to open it: npx darkroom intake open\n')
  return missing.length === 0 && found.flat().every(({ health }) => health === 'ready') ? 0 : 1
}

/** False while cluster-state does not answer; the report already shows that. */
async function isPaused(clients: ServiceClients): Promise<boolean> {
  try {
    return (await intakeState(clients.clusterState)) === 'paused'
  } catch (error) {
    if (isOutage(error)) return false
    throw error
  }
}

async function findInstances(name: ServiceName, clients: ServiceClients): Promise<Instance[]> {
  const registered = await Array.fromAsync(keysUnder(clients.kv, registrationPrefix(name)))
  return Promise.all(
    registered.map(async ({ key, value }) => {
      const url = readJson(Registration, value)?.url
      if (url === undefined) return { name, url: '-', health: `the key ${key} in kv-config is not valid` }
      return { name, url: withoutCredentials(url), health: (await checkHealth(url, answerMs)) ?? 'ready' }
    }),
  )
}
