import {
  Registration,
  registrationsPrefix,
  type ServiceName,
  serviceNames,
  WorkerRegistration,
} from '@darkroom/contracts'
import { type Static, Value } from '@darkroom/contracts/typebox'
import { type KvClient, keysUnder, readJson } from '@darkroom/service-kit'

type RegisteredWorker = Static<typeof WorkerRegistration>

export interface Registered {
  service: ServiceName
  instance: string
  registration: Static<typeof Registration>
}

/** All registered instances of all services. Invalid registrations are skipped. */
export async function listRegistered(kv: KvClient, signal: AbortSignal): Promise<Registered[]> {
  const registered: Registered[] = []
  for await (const { key, value } of keysUnder(kv, registrationsPrefix, signal)) {
    const [service, ...rest] = key.slice(registrationsPrefix.length).split('/')
    const registration = readJson(Registration, value)
    if (registration && isServiceName(service))
      registered.push({ service, instance: rest.join('/'), registration })
  }
  return registered
}

export function workerOf({ registration }: Registered): RegisteredWorker | undefined {
  return Value.Check(WorkerRegistration, registration) ? registration : undefined
}

function isServiceName(name: string | undefined): name is ServiceName {
  return serviceNames.some(known => known === name)
}
