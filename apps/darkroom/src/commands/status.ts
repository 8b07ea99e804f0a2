import { registrationPrefix, type ServiceName, serviceNames, taskStates } from '@darkroom/contracts'
import { type ServiceClients, ServiceUnavailable } from '@darkroom/service-kit'
import { request } from 'undici'
import { ExpectedFailure } from '../expected-failure.ts'
import { serviceClients } from '../service-clients.ts'
import { UsageError } from '../usage-error.ts'

interface Instance {
  name: ServiceName
  url: string
  health: string
}

/** Prints every registered instance with its health, and the tasks by state; fails if something isn't ready. */
export async function statusCommand(
  process: NodeJS.Process,
  files: string[],
  options: object,
): Promise<number> {
  if (files.length > 0 || Object.keys(options).length > 0) throw new UsageError('status takes nothing')
  const clients = serviceClients(process.env)
  try {
    const found = await Promise.all(serviceNames.map(name => findInstances(name, clients)))
    for (const { name, url, health } of found.flat()) {
      process.stdout.write(`${name.padEnd(14)}${url.padEnd(28)}${health}\n`)
    }
    const missing = serviceNames.filter((_name, index) => found[index]?.length === 0)
    for (const name of missing) process.stdout.write(`${name.padEnd(14)}not registered\n`)
    const { body: stats } = await clients.taskDb.getStats({})
    for (const state of taskStates) process.stdout.write(`${state.padEnd(14)}${stats[state]}\n`)
    const { oldestNotStartedAt } = stats
    if (oldestNotStartedAt !== undefined) process.stdout.write(`waiting since ${oldestNotStartedAt}\n`)
    return missing.length === 0 && found.flat().every(({ health }) => health === 'ready') ? 0 : 1
  } catch (error) {
    if (!(error instanceof ServiceUnavailable)) throw error
    throw new ExpectedFailure(`${error.message}; to start it: npx darkroom start`, { cause: error })
  } finally {
    await clients.close()
  }
}

async function findInstances(name: ServiceName, clients: ServiceClients): Promise<Instance[]> {
  const { body } = await clients.kv.listKeys({ querystring: { prefix: registrationPrefix(name) } })
  return Promise.all(
    body.keys.map(async ({ value }) => {
      const { url } = JSON.parse(Buffer.from(value, 'base64').toString()) as { url: string }
      return { name, url, health: await askHealth(url) }
    }),
  )
}

async function askHealth(url: string): Promise<string> {
  try {
    const { body, statusCode } = await request(`${url}/readyz`, { headersTimeout: 15_000 })
    if (statusCode === 200) {
      await body.dump()
      return 'ready'
    }
    const problem = (await body.json()) as { detail?: string }
    return `not ready: ${problem.detail ?? statusCode}`
  } catch (error) {
    return `does not answer: ${(error as Error).message}`
  }
}
