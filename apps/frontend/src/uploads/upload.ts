import {
  type Client,
  formatPriority,
  type imageMasterRoutes,
  type Task,
  type taskDbRoutes,
  type UploadOptions,
  type Urgency,
} from '@darkroom/contracts'
import { atMost, type Body, halfCloseSignal, ServiceProblem, tooLarge } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Grant, requireImage } from '../access/caller.ts'
import type { ErasedOwners } from '../access/erased-owners.ts'
import type { GrantStore } from '../access/grant-store.ts'
import { requireNoOptions } from '../access/refusals.ts'
import { unlessRevoked } from '../access/unless-revoked.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { withCallback } from '../webhooks/with-callback.ts'
import type { DeletedUploads } from './deleted-uploads.ts'
import type { Importer } from './import-image.ts'
import { readJsonSource } from './json-source.ts'
import type { Presets } from './presets.ts'
import { expandOptions, type GivenOptions } from './requested-outputs.ts'
import { readUploadBody } from './upload-body.ts'
import { whileSending } from './while-sending.ts'

/** The parts of the frontend that take part in an upload. */
export interface UploadParts {
  imageMaster: Client<typeof imageMasterRoutes>
  taskDb: Client<typeof taskDbRoutes>
  presets: Pick<Presets, 'require'>
  importer: Importer
  grants: GrantStore
  keys: Pick<KeyRing, 'describe'>
  deleted: Pick<DeletedUploads, 'requireUndeleted'>
  erased: ErasedOwners
  outbound: Pick<Outbound, 'mistakeIn'>
}

interface GivenUpload {
  options: UploadOptions
  idempotencyKey?: string | undefined
  urgency?: Urgency | undefined
}

/**
 * Passes an image on to a master as it arrives, and returns its task. The image is raw bytes, a form, the file at a URL,
 * or the stored original of another image.
 *
 * @throws ServiceProblem of the master, 400 for an invalid form or invalid options, 404 for another image that the caller
 * may not see, 422 for a failed import, 401 if the key was revoked meanwhile, 410 if the upload was deleted
 */
export async function upload(
  request: FastifyRequest,
  reply: FastifyReply,
  given: GivenUpload,
  parts: UploadParts,
): Promise<Task> {
  const { caller } = request
  if (caller.grant) return uploadWithGrant(request, reply, { ...given, grant: caller.grant }, parts)
  const { idempotencyKey } = given
  const requireUndeleted = () => {
    if (idempotencyKey !== undefined) parts.deleted.requireUndeleted({ owner: caller.owner, idempotencyKey })
  }
  requireUndeleted()
  const response = await passOn(request, reply, given, parts)
  if (response.status !== 202) throw refusalOf(response, request)
  await parts.erased.keep(response.body, caller)
  requireUndeleted()
  return response.body
}

/** Sends the image to a master, or lets a master copy a stored original. Returns the response of the master. */
async function passOn(
  request: FastifyRequest,
  reply: FastifyReply,
  given: GivenUpload,
  { imageMaster, importer, keys, outbound, presets, taskDb }: UploadParts,
) {
  const { caller } = request
  const { idempotencyKey, urgency } = given
  const headers = {
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...(urgency !== undefined && { priority: formatPriority(urgency) }),
  }
  const orderOf = async (options: GivenOptions) => {
    const { owner } = caller
    const chosen = withCallback({ ...given.options, ...options }, caller, outbound)
    const expanded = await expandOptions(chosen, presets)
    return { ...expanded, ...(owner !== undefined && { owner }) }
  }
  const arrived = await readJsonSource(request.headers['content-type'], request.body as Body)
  const { url, from, ...options } = arrived.source ?? {}
  if (from !== undefined) {
    const { id } = await requireImage(taskDb, caller, from)
    return imageMaster.copyImage({ headers, body: { ...(await orderOf(options)), from: id } })
  }
  // Checked before a URL is fetched.
  const order = arrived.source && (await orderOf(options))
  using read =
    url === undefined
      ? await readUploadBody(request, 'body' in arrived ? arrived.body : undefined)
      : await importer.open(url, halfCloseSignal(reply), caller.owner)
  const { body, contentLength } = read
  const response = await imageMaster.newImage({
    querystring: order ?? (await orderOf('options' in read ? read.options : {})),
    headers: { ...headers, ...(contentLength !== undefined && { 'content-length': contentLength }) },
    ...whileSending(reply, unlessRevoked(body, caller, keys)),
  })
  // The Content-Type of an import describes its JSON document, so it doesn't explain why the image was refused.
  if (url !== undefined && response.status !== 202) throw ServiceProblem.relay(response)
  return response
}

/** The master's refusal of an image, with a hint if the client has declared something other than an image. */
function refusalOf(
  response: Parameters<typeof ServiceProblem.relay>[0],
  { headers }: FastifyRequest,
): ServiceProblem {
  const refusal = ServiceProblem.relay(response)
  const { status, code, title, message } = refusal
  const [, hint] = hints.find(([type]) => type.test(headers['content-type'] ?? '')) ?? []
  if (hint === undefined || !refusalsOfBytes.has(code)) return refusal
  return new ServiceProblem(status, code, `${message}; ${hint}`, { title })
}

const refusalsOfBytes = new Set(['not-an-image', 'malformed-image'])
const jsonType = 'JSON with the header Content-Type: application/json'
const hints = [
  // `curl -d` declares a form, and removes line ends from a file.
  [
    /^application\/x-www-form-urlencoded/i,
    `with curl, send a file with --data-binary instead of -d, and ${jsonType}`,
  ],
  [/^application\/json/i, 'in JSON, send an object with url or from'],
  // `fetch` declares every text as plain.
  [/^text\/plain|json/i, `send ${jsonType}`],
  [/^multipart\//i, 'send a form as multipart/form-data'],
] as const

/**
 * Passes on an image whose options are fixed by a grant. Its id comes from its place in the grant, which a request with
 * the same idempotency key gets again.
 */
async function uploadWithGrant(
  request: FastifyRequest,
  reply: FastifyReply,
  { options, idempotencyKey, urgency, grant }: GivenUpload & { grant: Grant },
  { erased, imageMaster, grants, keys }: UploadParts,
): Promise<Task> {
  requireNoOptions(options)
  const arrived = await readJsonSource(request.headers['content-type'], request.body as Body)
  if (arrived.source) requireNoOptions(arrived.source)
  using read = await readUploadBody(request, 'body' in arrived ? arrived.body : undefined)
  requireNoOptions(read.options ?? {})
  const { imageId, record } = await grants.take(grant, idempotencyKey)
  const { owner } = request.caller
  const { maxBytes = Number.POSITIVE_INFINITY } = record
  let hasArrived = false
  const body = async function* () {
    yield* atMost(maxBytes, unlessRevoked(read.body, request.caller, keys))
    hasArrived = true
  }
  try {
    const { contentLength } = read
    if (Number(contentLength) > maxBytes) throw tooLarge(maxBytes)
    const response = await imageMaster.newImage({
      querystring: { ...record.options, id: imageId, ...(owner !== undefined && { owner }) },
      headers: {
        ...(contentLength !== undefined && { 'content-length': contentLength }),
        ...(urgency !== undefined && { priority: formatPriority(urgency) }),
      },
      ...whileSending(reply, body()),
    })
    if (response.status === 202) return await erased.keep(response.body, request.caller)
    throw refusalOf(response, request)
  } catch (error) {
    // After any other error the image may have been accepted.
    const isRefused = error instanceof ServiceProblem && error.status < 500
    if (isRefused || !hasArrived)
      await grants.release(grant, imageId).catch(cause => {
        request.log.warn({ err: cause, grant: grant.id }, 'the place of a refused image could not be freed')
      })
    throw error
  }
}
