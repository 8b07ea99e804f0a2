import { Registration, type ServiceName, serviceNames, WorkerRegistration } from '@darkroom/contracts'
import { type Static, Value } from '@darkroom/contracts/typebox'
import type { ServiceClients } from '@darkroom/service-kit'

export type RegisteredWorker = Static<typeof WorkerRegistration>

export interface Registered {
  service: ServiceName
  instance: string
  registration: Static<typeof Registration>
}

/** All registered instances of all services. Invalid registrations are skipped. */
export async function listRegistered(kv: ServiceClients['kv'], signal: AbortSignal): Promise<Registered[]> {
  const registered: Registered[] = []
  let cursor: string | undefined
  do {
    const querystring = { prefix: 'services/', limit: 1000, ...(cursor !== undefined && { cursor }) }
    const { body } = await kv.listKeys({ querystring, signal })
    for (const { key, value } of body.keys) {
      const [, service, ...rest] = key.split('/')
      const registration = readRegistration(value)
      if (registration && isServiceName(service))
        registered.push({ service, instance: rest.join('/'), registration })
    }
    cursor = body.next
  } while (cursor !== undefined)
  return registered
}

export function workerOf({ registration }: Registered): RegisteredWorker | undefined {
  return Value.Check(WorkerRegistration, registration) ? registration : undefined
}

function readRegistration(value: string): Static<typeof Registration> | undefined {
  try {
    const registration: unknown = JSON.parse(Buffer.from(value, 'base64').toString())
    return Value.Check(Registration, registration) ? registration : undefined
  } catch {
    return undefined // not JSON
  }
}

function isServiceName(name: string | undefined): name is ServiceName {
  return serviceNames.some(known => known === name)
}
