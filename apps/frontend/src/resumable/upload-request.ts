import { type frontendRoutes, UploadOptions, type UploadRecord } from '@darkroom/contracts'
import type { Static } from '@darkroom/contracts/typebox'
import { type Body, ServiceProblem, tooLarge } from '@darkroom/service-kit'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../access/caller.ts'
import type { GrantStore } from '../access/grant-store.ts'
import { requireNoOptions } from '../access/refusals.ts'
import { newImageId } from '../images/new-image-id.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Presets } from '../uploads/presets.ts'
import { expandOptions } from '../uploads/requested-outputs.ts'
import { requestedUrgency } from '../uploads/requested-urgency.ts'
import { withCallback } from '../webhooks/with-callback.ts'
import type { AppendedBody } from './piece-receiver.ts'
import {
  declaredBytes,
  requireContentType,
  requireLength,
  requireNoChecksum,
  requireNoConcatenation,
} from './tus-headers.ts'
import { readMetadata } from './upload-metadata.ts'

type Request<Headers> = Pick<FastifyRequest, 'body' | 'caller' | 'raw'> & { headers: Headers }
type CreationRequest = Request<Static<typeof frontendRoutes.createUpload.schema.headers>>
export type AppendRequest = Request<Static<typeof frontendRoutes.appendToUpload.schema.headers>>

interface RequestDependencies {
  grants: Pick<GrantStore, 'read' | 'take'>
  presets: Pick<Presets, 'require'>
  outbound: Pick<Outbound, 'mistakeIn'>
  /** The largest upload that the master accepts, if it is known. */
  readMaxBytes(): Promise<number | undefined>
}

/**
 * Reads a request that begins an upload: its id, its options, and its first bytes if there are any.
 *
 * @throws ServiceProblem
 */
export async function readCreation(
  { headers, body, caller, raw }: CreationRequest,
  dependencies: RequestDependencies,
): Promise<{
  id: string
  upload: Pick<UploadRecord, 'length' | 'metadata' | 'options' | 'urgency'>
  first: AppendedBody | undefined
}> {
  const { grants, presets, outbound } = dependencies
  requireNoConcatenation(headers['upload-concat'])
  requireNoChecksum(headers['upload-checksum'])
  const bytes = declaredBytes(raw.headers)
  const hasBody = bytes === undefined ? raw.headers['transfer-encoding'] !== undefined : bytes > 0
  if (hasBody) requireContentType(headers['content-type'])
  const length = requireLength(headers)
  const maxBytes = await maxBytesFor(caller, dependencies)
  if (length !== undefined && length > (maxBytes ?? length)) throw tooLarge(maxBytes ?? 0)
  const metadata = headers['upload-metadata']
  const urgency = requestedUrgency(raw.headers)
  const given = optionsIn(readMetadata(metadata))
  if (caller.grant) requireNoOptions(given)
  const place = caller.grant && (await grants.take(caller.grant))
  const options =
    place?.record.options ?? (await expandOptions(withCallback(given, caller, outbound), presets))
  return {
    id: place?.imageId ?? newImageId(),
    upload: {
      options,
      ...(length !== undefined && { length }),
      ...(metadata !== undefined && { metadata }),
      ...(urgency !== undefined && { urgency }),
    },
    first: hasBody ? { offset: 0, body: body as Body, bytes, maxBytes } : undefined,
  }
}

/** Reads a request that continues an upload. @throws ServiceProblem */
export async function readAppend(
  { headers, body, caller, raw }: AppendRequest,
  dependencies: RequestDependencies,
): Promise<AppendedBody> {
  requireContentType(headers['content-type'])
  requireNoChecksum(headers['upload-checksum'])
  const { 'upload-offset': offset, 'upload-length': length } = headers
  if (offset === undefined)
    throw new ServiceProblem(400, 'invalid-request', 'the header Upload-Offset is missing')
  const maxBytes = await maxBytesFor(caller, dependencies)
  return { offset, length, body: body as Body, bytes: declaredBytes(raw.headers), maxBytes }
}

async function maxBytesFor(
  { grant }: Caller,
  { grants, readMaxBytes }: RequestDependencies,
): Promise<number | undefined> {
  const maxBytes = await readMaxBytes()
  const granted = grant && (await grants.read(grant)).maxBytes
  return granted === undefined ? maxBytes : Math.min(granted, maxBytes ?? granted)
}

function optionsIn(metadata: ReadonlyMap<string, string>): UploadOptions {
  const given = Object.keys(UploadOptions.properties).map(name => [name, metadata.get(name)])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
