import type { IncomingHttpHeaders } from 'node:http'
import { frontendRoutes, hasEnded, type UploadOptions } from '@darkroom/contracts'
import {
  type App,
  acceptBytes,
  holdSignal,
  isBodyAwaited,
  ServiceProblem,
  tooLarge,
} from '@darkroom/service-kit'
import type { FastifyRequest } from 'fastify'
import type { ChangeFeed } from '../events/change-feed.ts'
import { RecordedEnds } from '../events/recorded-ends.ts'
import { waitForEnd } from '../events/wait-for-end.ts'
import { pathOfImage, setRetryAfter, toImageStatus } from '../images/image-status.ts'
import { applyPreferredWait } from '../images/preferred-wait.ts'
import type { IntakeGate } from '../intake/intake-gate.ts'
import { masterLimits } from '../limits/master-limits.ts'
import { linkBase } from '../public-urls.ts'
import { requestedUrgency } from '../uploads/requested-urgency.ts'
import { type UploadParts, upload } from '../uploads/upload.ts'
import { formTypeOf } from '../uploads/upload-body.ts'

/** The urgency of an upload without a Priority whose client waits: one step above the default. */
const urgencyOfWaiting = 2
/** More than the fields of a form and the headers of its parts can have. */
const maxFormOverheadBytes = 1024 * 1024

export function addUploadRoutes(
  app: App,
  parts: UploadParts,
  gate: IntakeGate,
  feed: ChangeFeed,
  publicUrls: readonly URL[],
): void {
  acceptBytes(app)
  app.addHook('preHandler', async ({ headers }: FastifyRequest) => refusePart(headers))
  app.addHook('preHandler', () => gate.check())
  const { taskDb } = parts
  const readLimits = masterLimits(parts)
  // The master would refuse it, too, but only when the client has begun to send.
  app.addHook('preHandler', async ({ raw }: FastifyRequest) => {
    if (!isBodyAwaited(raw)) return
    const { maxUploadBytes = Number.POSITIVE_INFINITY } = (await readLimits()) ?? {}
    const overhead = formTypeOf(raw.rawHeaders) === undefined ? 0 : maxFormOverheadBytes
    if (Number(raw.headers['content-length']) > maxUploadBytes + overhead) throw tooLarge(maxUploadBytes)
  })

  app.route({
    ...frontendRoutes.uploadImage,
    handler: async (request, reply) => {
      const wait = applyPreferredWait(request.headers.prefer, reply)
      const { urgency = wait > 0 ? urgencyOfWaiting : undefined, ...given } = givenIn(request)
      using recording = wait > 0 ? new RecordedEnds(feed) : undefined
      const accepted = await upload(request, reply, { ...given, urgency }, parts)
      const isCurrent = recording?.excludes(accepted.id) ?? false
      recording?.stop()
      const waited =
        wait > 0 &&
        (await waitForEnd({ taskDb, feed }, accepted, holdSignal(reply, wait), { isCurrent }).catch(error => {
          // The image is accepted. After an error, the client would upload it again.
          request.log.warn({ err: error, id: accepted.id }, 'could not wait for an image')
        }))
      const task = waited || accepted
      setRetryAfter(reply, task)
      const base = linkBase(publicUrls, request.host)
      reply.header('location', pathOfImage(task.id, base))
      return reply.code(wait > 0 && hasEnded(task) ? 200 : 202).send(toImageStatus(task, base))
    },
  })

  app.route({
    ...frontendRoutes.newImage,
    handler: async (request, reply) => {
      const { id } = await upload(request, reply, givenIn(request), parts)
      return reply.code(202).type('text/plain').send(id)
    },
  })
}

/** A part of an image must not be accepted as an image (RFC 9110, 14.5). A range may also be the whole image. */
function refusePart({ 'content-range': range }: IncomingHttpHeaders): void {
  if (range === undefined) return
  const [, last, length] = /^bytes 0-(\d+)\/(\d+)$/i.exec(range) ?? []
  if (Number(last) + 1 === Number(length)) return
  const detail =
    'Content-Range is not supported: send the whole image in one request, or in pieces with tus at /uploads'
  throw new ServiceProblem(400, 'no-content-range', detail)
}

function givenIn({ headers, query }: { headers: IncomingHttpHeaders; query: UploadOptions }) {
  return {
    options: query,
    idempotencyKey: textOf(headers['idempotency-key']),
    urgency: requestedUrgency(headers),
  }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}
