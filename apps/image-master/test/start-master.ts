import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { type Stage, stages } from '@darkroom/contracts'
import { type App, loadConfig } from '@darkroom/service-kit'
import { expectDeclaredStatuses } from '@darkroom/service-kit/testing'
import { type HttpResponse, httpRequest, type Owner, RecordedTally } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import { Config, liveDefaults } from '../src/config.ts'
import { Workers } from '../src/intake/workers.ts'
import { openQueue } from '../src/queue/open-queue.ts'
import { logger, type Neighbours, startNeighbours } from './neighbours.ts'

export interface Master extends Neighbours {
  app: App
  url: string
  tally: RecordedTally
  /** How many requests have arrived at the master so far, and how many of their clients hung up. */
  readonly requests: { arrived: number; hungUp: number }
}

/**
 * Starts a master with its own neighbours, and clients with short timeouts. `settings` are environment variables for
 * all of them.
 */
export async function startMaster(owner: Owner, settings: Record<string, string> = {}): Promise<Master> {
  const neighbours = await startNeighbours(owner, settings)
  const { clients, defer, env } = neighbours
  const config = loadConfig(Config, env)
  const opened = await openQueue(config, { taskDb: clients.taskDb, logger })
  const tally = new RecordedTally()
  const workers = new Workers({ kv: clients.kv, logger, timeoutMs: 300 })
  const app = buildApp({
    config,
    clients,
    ...opened,
    workers,
    tally,
    settings: () => liveDefaults(config),
    logger,
  })
  expectDeclaredStatuses(owner, app)
  defer(() => app.close())
  const requests = { arrived: 0, hungUp: 0 }
  app.addHook('onRequest', async () => {
    requests.arrived += 1
  })
  app.addHook('onRequestAbort', async _request => {
    requests.hungUp += 1
  })
  return { ...neighbours, app, tally, requests, url: await app.listen({ host: config.host, port: 0 }) }
}

type UploadBody = Uint8Array | AsyncIterable<Uint8Array>

export function upload(
  { url }: { url: string },
  body: UploadBody,
  { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<HttpResponse> {
  const type = { 'content-type': 'application/octet-stream' }
  return httpRequest(url, `/newImage${query}`, { method: 'POST', headers: { ...type, ...headers }, body })
}

/** Sends only the beginning of an upload. */
export async function beginUpload(
  { url }: { url: string },
  beginning: Uint8Array,
  headers: Record<string, string> = {},
  query = '',
): Promise<ClientRequest> {
  const { hostname, port } = new URL(url)
  const sent = request({ hostname, port, path: `/newImage${query}`, method: 'POST', headers, agent: false })
  sent.on('error', () => undefined) // the test that breaks it off expects errors
  sent.write(beginning)
  await once(sent, 'socket')
  return sent
}

/** The keys of the stored originals and results. */
export async function storedKeys({ clients }: Pick<Neighbours, 'clients'>): Promise<Record<Stage, string[]>> {
  const keys = stages.map(async stage => {
    const { body } = await clients.storage.listBlobs({ querystring: { stage, limit: 1000 } })
    return [stage, body.blobs.map(({ key }) => key).sort()] as const
  })
  return Object.fromEntries(await Promise.all(keys)) as Record<Stage, string[]>
}

export const nothingStored = { pre: [], post: [] }
