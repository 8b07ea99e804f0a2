import type { TaskError, Work } from '@darkroom/contracts'
import * as imageMaster from '@darkroom/image-master'
import { logger, type Neighbours, startNeighbours } from '@darkroom/image-master/testing'
import { type App, type Logger, loadConfig, type RunningService } from '@darkroom/service-kit'
import { expectDeclaredStatuses } from '@darkroom/service-kit/testing'
import { type HttpRequest, type HttpResponse, httpRequest, type Owner, until } from '@darkroom/testing'
import type { AccessMode } from '../src/access/access-mode.ts'
import { buildApp } from '../src/app.ts'
import { readOrigins } from '../src/browsers/cross-origin.ts'
import type { LocalFacts } from '../src/keys/local-facts.ts'
import type { RateLimitSettings } from '../src/limits/rate-limits.ts'
import type { Networks } from '../src/outbound/networks.ts'
import { readPublicUrls } from '../src/public-urls.ts'
import type { UploadLimits } from '../src/resumable/upload-records.ts'
import { readTrustProxy } from '../src/trusted-proxies.ts'

export interface Frontend extends Neighbours {
  app: App
  url: string
  master: RunningService
  ask(path: string, request?: HttpRequest): Promise<HttpResponse>
}

interface FrontendOptions {
  accessMode?: AccessMode
  limits?: RateLimitSettings
  uploads?: UploadLimits
  maxStreamsPerOwner?: number
  maxGrantsPerOwner?: number
  logger?: Logger
  networks?: Networks
  localFacts?: LocalFacts
  bodyStallMs?: number
  intakeCheckMs?: number
}

/**
 * Starts a frontend with its own master and neighbours, and with short timeouts. `settings` are environment variables
 * for all of them.
 */
export async function startFrontend(
  owner: Owner,
  settings: Record<string, string> = {},
  options: FrontendOptions = {},
): Promise<Frontend> {
  const neighbours = await startNeighbours(owner, settings)
  const { clients, defer, env } = neighbours
  const master = await imageMaster.start(loadConfig(imageMaster.Config, env), logger)
  defer(master.close)
  await until('the master is found', () => clients.imageMaster.isReady({ querystring: { id: 'x' } }))
  const publicUrls = readPublicUrls(settings.PUBLIC_URL ?? '')
  const app = buildApp({
    clients,
    logger,
    clusterToken: env.CLUSTER_TOKEN,
    accessMode: 'as-configured',
    publicUrls,
    otherOrigins: readOrigins(settings.CORS_ORIGINS ?? ''),
    trustProxy: readTrustProxy(settings.TRUST_PROXY ?? ''),
    intakeCheckMs: 1000, // idle frontends that tests share would be busy with asking more often
    ...options,
  })
  expectDeclaredStatuses(owner, app)
  defer(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { ...neighbours, app, url, master, ask: (path, request) => httpRequest(url, path, request) }
}

/** Uploads an image, and returns its id. */
export async function uploadImage(
  { ask }: Pick<Frontend, 'ask'>,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await ask('/images', { method: 'POST', headers, body })
  if (response.status !== 202) throw new Error(`an upload is answered ${response.status}: ${response.body}`)
  return String(response.json().id)
}

/** Leases the next task, as a worker does. */
export async function takeWork({ clients }: Frontend): Promise<Work> {
  const { status, body } = await clients.imageMaster.getWork({ querystring: { worker: 'w', wait: 10 } })
  if (status === 200) return body
  throw new Error('there was no task to claim')
}

/** Finishes the next task with `result`, and returns its id. */
export async function finishNext(frontend: Frontend, result: Uint8Array): Promise<string> {
  const { id, lease } = await takeWork(frontend)
  const { imageMaster, storage } = frontend.clients
  const stored = await storage.putBlob({
    params: { key: id, stage: 'post' },
    querystring: { fence: lease.token },
    headers: { 'content-type': 'image/png' },
    body: result,
  })
  if (stored.status !== 201) throw new Error('the result was not stored')
  const facts = { ...stored.body, width: 40, height: 30, frames: 1 }
  await imageMaster.workFinished({ body: { id, lease: lease.token, result: facts } })
  return id
}

export async function failNext(frontend: Frontend, error: TaskError): Promise<string> {
  const { id, lease } = await takeWork(frontend)
  await frontend.clients.imageMaster.workFailed({ body: { id, lease: lease.token, error, retryable: false } })
  return id
}

export async function taskCount({ clients }: Neighbours): Promise<number> {
  const { body } = await clients.taskDb.listTasks({ querystring: { limit: 1000 } })
  return body.tasks.length
}
