import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServiceName, serviceNames } from '@darkroom/contracts'
import {
  freePort,
  type HttpRequest,
  type HttpResponse,
  httpRequest,
  type Owner,
  type ServiceProcess,
  startService,
  until,
} from '@darkroom/testing'

type Other = Exclude<ServiceName, 'image-worker'>

interface Fleet {
  readonly dataDir: string
  /** The cluster token, which all services share. */
  readonly token: string
  /** Starts one more process of a service; resolves when it is alive. */
  start(name: ServiceName, env?: Readonly<Record<string, string>>): Promise<ServiceProcess>
  /** Starts each service once; resolves when the frontend is ready. */
  startAll(env?: Readonly<Record<string, string>>): Promise<Record<ServiceName, ServiceProcess>>
  /** The same without a worker, so that images wait. */
  startAllButWorker(env?: Readonly<Record<string, string>>): Promise<Record<Other, ServiceProcess>>
  /** Starts another copy of each service, on other ports; resolves when all are alive. */
  startCopies(env: Readonly<Record<string, string>>): Promise<Record<ServiceName, ServiceProcess>>
  /** Sends a request with the token of all services. */
  ask(service: ServiceProcess, path: string, request?: HttpRequest): Promise<HttpResponse>
}

const token = 'the-token-of-one-test'

/** Runs services as separate processes that find each other. All have ended when the test has ended. */
export async function prepareFleet(owner: Owner): Promise<Fleet> {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-'))
  const kvPort = String(await freePort())
  const shared = {
    KV_URL: `http://127.0.0.1:${kvPort}`,
    CLUSTER_TOKEN: token,
    DATA_DIR: dataDir,
    MIN_FREE_BYTES: '0',
  }
  const started: ServiceProcess[] = []
  owner.after(async () => {
    await Promise.all(started.map(kill))
    rmSync(dataDir, { recursive: true, force: true })
  })

  const fleet: Fleet = {
    dataDir,
    token,
    async start(name, env = {}) {
      const ports = name === 'kv-config' ? { PORT: kvPort } : {}
      const service = await startService(owner, name, { ...shared, ...ports, ...env })
      started.push(service)
      return service
    },
    async startAll(env) {
      const services = await startEach(serviceNames, name => fleet.start(name, env))
      await untilReady(services.frontend)
      return services
    },
    async startAllButWorker(env) {
      const others = serviceNames.filter(name => name !== 'image-worker')
      const services = await startEach(others, name => fleet.start(name, env))
      await untilReady(services.frontend)
      return services
    },
    startCopies: env =>
      startEach(serviceNames, async name => fleet.start(name, { ...env, PORT: String(await freePort()) })),
    ask: (service, path, { headers, ...request } = {}) =>
      httpRequest(service.url, path, {
        ...request,
        headers: { authorization: `Bearer ${token}`, ...headers },
      }),
  }
  return fleet
}

async function startEach<Name extends ServiceName>(
  names: readonly Name[],
  start: (name: Name) => Promise<ServiceProcess>,
): Promise<Record<Name, ServiceProcess>> {
  const services = await Promise.all(names.map(async name => [name, await start(name)] as const))
  return Object.fromEntries(services) as Record<Name, ServiceProcess>
}

/** Kills by SIGKILL; resolves when the process has ended. */
export async function kill(service: ServiceProcess): Promise<void> {
  service.signal('SIGKILL')
  await service.ended
}

export async function untilReady(service: ServiceProcess): Promise<void> {
  await until('it is ready', async () => (await httpRequest(service.url, '/readyz')).status === 200)
}

/** The environment that starts a service in place of an earlier one. */
export function samePort({ url }: ServiceProcess): { PORT: string } {
  return { PORT: new URL(url).port }
}
