import { Registration, type ServiceName, serviceNames, WorkerRegistration } from '@darkroom/contracts'
import { type Static, Value } from '@darkroom/contracts/typebox'
import { type KvClient, keysUnder } from '@darkroom/service-kit'

type RegisteredWorker = Static<typeof WorkerRegistration>

export interface Registered {
  service: ServiceName
  instance: string
  registration: Static<typeof Registration>
}

/** All registered instances of all services. Invalid registrations are skipped. */
export async function listRegistered(kv: KvClient, signal: AbortSignal): Promise<Registered[]> {
  const registered: Registered[] = []
  for await (const { key, value } of keysUnder(kv, 'services/', signal)) {
    const [, service, ...rest] = key.split('/')
    const registration = readRegistration(value)
    if (registration && isServiceName(service))
      registered.push({ service, instance: rest.join('/'), registration })
  }
  return registered
}

export function workerOf({ registration }: Registered): RegisteredWorker | undefined {
  return Value.Check(WorkerRegistration, registration) ? registration : undefined
}

function readRegistration(value: Buffer): Static<typeof Registration> | undefined {
  try {
    const registration: unknown = JSON.parse(value.toString())
    return Value.Check(Registration, registration) ? registration : undefined
  } catch {
    return undefined // not JSON
  }
}

function isServiceName(name: string | undefined): name is ServiceName {
  return serviceNames.some(known => known === name)
}
