import { frontendRoutes, outputKey, problemType, serviceRoutes, tusVersion } from '@darkroom/contracts'
import type { Owner } from '@darkroom/testing'
import { generateImage, serveHttp } from '@darkroom/testing'
import { readNetworks } from '../../src/outbound/networks.ts'
import { type Guarded, startGuarded } from '../access/start-guarded.ts'
import { filePart, formData, formHeaders, operationsPart } from '../form-data.ts'

/** The routes by their operation ids. */
export const operations = { ...frontendRoutes, ...serviceRoutes }
export type OperationId = keyof typeof operations

/** The parts of a request besides the method and the path of its route. */
export interface RightRequest {
  params?: Record<string, string>
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Uint8Array | string
}

/** Credentials of each kind, as headers. */
export type CallerKind = 'user' | 'operator' | 'stranger' | 'grant' | 'session' | 'nobody' | 'cluster'

interface World {
  frontend: Guarded
  png: Uint8Array
  /** A request that the operation answers with 2xx. Resources that it uses up are created for each request. */
  rightRequest(id: OperationId): Promise<RightRequest>
  /** The least powerful caller to whom the operation answers 2xx. */
  callerFor(id: OperationId): CallerKind
  credentials(kind: CallerKind): Promise<Record<string, string>>
}

const json = { 'content-type': 'application/json' }
const tus = { 'tus-resumable': tusVersion }
/** A grant is good for a hundred uploads. */
const requestsPerGrant = 20

/** A frontend that requires keys, with images of one owner in every state. */
export async function startWorld(owner: Owner): Promise<World> {
  const frontend = await startGuarded(owner, {
    networks: readNetworks('127.0.0.0/8'),
    uploads: { uploadExpirySeconds: 86_400, maxUploadsPerOwner: 1_000_000 },
    settings: { MAX_QUEUED: '1000000', MAX_QUEUED_PER_OWNER: '1000000' },
  })
  const { store, clients, askWith, env } = frontend
  const png = Buffer.from(await generateImage({ kind: 'png', width: 8, height: 6, seed: 1 }))
  const [user, operator, stranger] = await Promise.all([
    frontend.makeKey({ owner: 'alice' }),
    frontend.makeKey({ role: 'operator' }),
    frontend.makeKey({ owner: 'bob' }),
  ])
  const far = await serveHttp(owner, (_request, response) => response.end(png))
  const farUrl = `${far.url}/photo.png`

  const upload = async (query = ''): Promise<string> => {
    const answer = await askWith(user.key, `/images${query}`, { method: 'POST', body: png })
    if (answer.status !== 202) throw new Error(`an upload is answered ${answer.status}: ${answer.body}`)
    return String(answer.json().id)
  }
  const beginUpload = async (): Promise<string> => {
    const headers = { ...tus, 'upload-length': String(png.length) }
    const {
      status,
      headers: answered,
      body,
    } = await askWith(user.key, '/uploads', { method: 'POST', headers })
    if (status !== 201) throw new Error(`an upload is answered ${status}: ${body}`)
    return String(answered.location).split('/').at(-1) ?? ''
  }
  /** Leases the image, or an older one of its owner. */
  const claim = async (id: string) => {
    const body = { worker: 'w', leaseMs: 60_000, decodes: ['variants'] }
    const claimed = await clients.taskDb.claimGivenTask({ params: { id }, body })
    if (claimed.status !== 200) throw new Error(`the image ${id} was not claimed`)
    return { id: claimed.body.id, token: claimed.body.claims }
  }
  const finish = async (uploaded: string): Promise<string> => {
    const { id, token } = await claim(uploaded)
    for (const name of [undefined, 'thumb'])
      await clients.storage.putBlob({
        params: { key: outputKey(id, name), stage: 'post' },
        querystring: { fence: token },
        headers: { 'content-type': 'image/png' },
        body: png,
      })
    const { body: stored } = await clients.taskDb.getTask({ params: { id } })
    if (!('original' in stored)) throw new Error(`the image ${id} is gone`)
    const result = stored.original
    const body = { state: 'finished', token, result, variants: { thumb: result } } as const
    await clients.taskDb.putTask({ params: { id }, body })
    return id
  }
  const fail = async (uploaded: string): Promise<string> => {
    const { id, token } = await claim(uploaded)
    const error = { type: problemType('undecodable'), title: 'Undecodable', detail: 'it is cut off' }
    const body = { state: 'failed', token, error, retryable: false } as const
    await clients.taskDb.putTask({ params: { id }, body })
    return id
  }

  const finished = await finish(
    await upload(`?operations=flip&variants=thumb=flop&callback=${encodeURIComponent(farUrl)}`),
  )
  const unfinishedUpload = await beginUpload()
  const { links } = (await askWith(user.key, `/images/${finished}/links`, { method: 'POST' })).json()
  const signed = (path: unknown) => ({ signature: String(path).split('/')[2] ?? '', id: finished })
  const { original, result, variants } = links as {
    original: string
    result: string
    variants: { thumb: string }
  }
  const signIn = { method: 'POST', body: JSON.stringify({ key: user.key }), headers: json }
  const { headers: signedIn } = await frontend.ask('/session', signIn)
  const cookie = String([signedIn['set-cookie']].flat()[0]).split(';')[0] ?? ''

  let turn = 0
  const uploads: (() => RightRequest)[] = [
    () => ({
      query: { operations: 'flip', variants: 'thumb=flop' },
      headers: { 'content-type': 'image/png' },
      body: png,
    }),
    () => ({ headers: formHeaders, body: formData(operationsPart('flip'), filePart(png)) }),
    () => ({ headers: json, body: JSON.stringify({ from: finished, variants: { thumb: 'resize:4x' } }) }),
    () => ({ headers: json, body: JSON.stringify({ url: farUrl, operations: 'flip', callback: farUrl }) }),
  ]
  const ofFinished = async () => ({ params: { id: finished } })
  const patch = { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' }
  const append = async (more: Record<string, string> = {}) => ({
    params: { id: await beginUpload() },
    headers: { ...patch, ...more },
    body: png,
  })
  const makePreset = async (name: string) => {
    const body = JSON.stringify({ operations: 'flip' })
    await askWith(operator.key, `/presets/${name}`, { method: 'PUT', headers: json, body })
    return name
  }
  const makeKeyId = async () => (await store.create({}, 'a test')).id
  const nothing = async () => ({})

  const rightRequests: Record<OperationId, () => Promise<RightRequest>> = {
    appendToUpload: append,
    createGrant: async () => ({ headers: json, body: JSON.stringify({ images: 2, operations: 'flip' }) }),
    createKey: async () => ({ headers: json, body: JSON.stringify({ owner: 'carol', name: 'a camera' }) }),
    createLinks: async () => ({ params: { id: finished }, headers: json, body: '{"expiresIn":60}' }),
    createUpload: async () => ({ headers: { ...tus, 'upload-length': String(png.length) } }),
    deleteByKey: async () => ({ query: { idempotencyKey: String(turn++) } }),
    deleteImage: async () => ({ params: { id: await upload() } }),
    deletePreset: async () => ({ params: { name: await makePreset('brief') } }),
    describeTus: nothing,
    describeTusOfUpload: async () => ({ params: { id: unfinishedUpload } }),
    followImage: ofFinished,
    followImages: nothing,
    getArchive: async () => ({ query: { ids: finished, names: 'harbour', without: 'thumb' } }),
    getImage: ofFinished,
    getLegacyResult: async () => ({ query: { id: finished } }),
    getOriginal: ofFinished,
    getResult: ofFinished,
    getSession: nothing,
    getSignedOriginal: async () => ({ params: signed(original) }),
    getSignedResult: async () => ({ params: signed(result) }),
    getSignedVariant: async () => ({ params: { ...signed(variants.thumb), name: 'thumb' } }),
    getStats: nothing,
    getUpload: async () => ({ params: { id: unfinishedUpload }, headers: tus }),
    getVariant: async () => ({ params: { id: finished, name: 'thumb' } }),
    getWebhookSecret: nothing,
    healthz: nothing,
    isReady: async () => ({ query: { id: finished } }),
    listImages: async () => ({ query: { state: 'finished', limit: '2', since: '2020-01-01T00:00:00Z' } }),
    listKeys: nothing,
    listOperations: nothing,
    listPresets: nothing,
    metrics: nothing,
    newImage: async () => ({ query: { operations: 'flip' }, body: png }),
    overrideUploadMethod: () => append({ 'x-http-method-override': 'PATCH' }),
    putPreset: async () => ({
      ...{ params: { name: 'shop' }, headers: json },
      body: JSON.stringify({ operations: 'flip', variants: { thumb: [{ name: 'flop' }] } }),
    }),
    readyz: nothing,
    repeatCallback: ofFinished,
    retryImage: async () => ({ params: { id: await fail(await upload()) } }),
    retryImages: async () => ({ query: { owner: 'alice', limit: '10' } }),
    revokeKey: async () => ({ params: { id: await makeKeyId() } }),
    rotateKey: async () => ({ params: { id: await makeKeyId() }, query: { keep: '60' } }),
    rotateWebhookSecret: async () => ({ query: { keep: '60' } }),
    setIntake: async () => ({ headers: json, body: JSON.stringify({ state: 'open' }) }),
    signIn: async () => ({ headers: json, body: JSON.stringify({ key: user.key }) }),
    signOut: nothing,
    terminateUpload: async () => ({ params: { id: await beginUpload() }, headers: tus }),
    uploadImage: async () => uploads[turn++ % uploads.length]?.() ?? {},
  }

  let grant = { token: '', left: 0 }
  const grantToken = async (): Promise<string> => {
    if (grant.left === 0) {
      const request = { method: 'POST', headers: json, body: '{"images":100}' }
      grant = {
        token: String((await askWith(user.key, '/grants', request)).json().token),
        left: requestsPerGrant,
      }
    }
    grant.left -= 1
    return grant.token
  }
  const bearer = (token: string | undefined) => ({ authorization: `Bearer ${token}` })

  return {
    frontend,
    png,
    rightRequest: id => rightRequests[id](),
    callerFor(id) {
      if (id === 'metrics') return 'cluster'
      const { access = 'key' } = operations[id] as { access?: string }
      return access === 'anyone' ? 'nobody' : access.startsWith('operator') ? 'operator' : 'user'
    },
    async credentials(kind): Promise<Record<string, string>> {
      if (kind === 'nobody') return {}
      if (kind === 'session') return { cookie, origin: 'http://localhost' }
      if (kind === 'grant') return bearer(await grantToken())
      if (kind === 'cluster') return bearer(env.CLUSTER_TOKEN)
      return bearer({ user, operator, stranger }[kind].key)
    },
  }
}
