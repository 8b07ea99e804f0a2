import { type Darkroom, DarkroomError, type RetryFilters } from '@darkroom/client/source'
import { problemType } from '@darkroom/contracts'
import { mapConcurrently } from '@darkroom/service-kit'
import { type ConnectOptions, connect } from '../connect.ts'
import { parseDuration } from '../duration.ts'
import { BriefUsageError, refuseOtherOptions, requirePathPart, UsageError } from '../usage-error.ts'
import { withoutControls } from '../without-controls.ts'

const requestsAtOnce = 8

type Options = ConnectOptions & { json?: boolean }

interface RetryOptions extends Options {
  all?: boolean
  owner?: string
  preset?: string
  since?: string
  type?: string
}

/** Retries failed images: by their ids, or all that match the filters. */
export function retryCommand(process: NodeJS.Process, ids: string[], given: RetryOptions): Promise<number> {
  const { all, owner, preset, since, type, ...options } = given
  if (all) return retryAll(process, ids, { owner, preset, since, type }, options)
  if ([owner, preset, since, type].some(filter => filter !== undefined))
    throw new UsageError('--owner, --preset, --since and --type need --all')
  return forEachImage(retry, process, ids, options)
}

/** Deletes images with their results, by their ids. */
export function deleteCommand(process: NodeJS.Process, ids: string[], options: Options): Promise<number> {
  return forEachImage(deletion, process, ids, options)
}

async function retryAll(
  process: NodeJS.Process,
  ids: string[],
  { since, type, ...filters }: RetryFilters,
  { json = false, url, key, ...others }: Options,
): Promise<number> {
  refuseOtherOptions('retry', others)
  if (ids.length > 0) throw new UsageError('retry needs either ids or --all')
  const matching = {
    ...filters,
    ...(since !== undefined && { since: instantOf(since) }),
    ...(type !== undefined && { type: type.startsWith('urn:') ? type : problemType(type) }),
  }
  const darkroom = await connect(process.env, { url, key })
  const retried = await darkroom.retryAll(matching)
  const message = `failed images that are developed again: ${retried}`
  process.stdout.write(`${json ? JSON.stringify({ retried }) : message}\n`)
  return 0
}

/** Parses a time, or a duration before now. */
function instantOf(since: string): string {
  if (/^\d{4}-/.test(since) && !Number.isNaN(Date.parse(since))) return new Date(since).toISOString()
  const seconds = parseDuration(since)
  if (seconds !== undefined) return new Date(Date.now() - seconds * 1000).toISOString()
  throw new BriefUsageError(
    `--since must be a duration such as 2h, or a time such as 2026-01-31T10:00:00Z, got "${since}"`,
  )
}

interface Command {
  name: string
  /** Sends the request for an image; returns more properties for `--json`. */
  send(darkroom: Darkroom, id: string): Promise<object>
}

const retry: Command = {
  name: 'retry',
  send: async (darkroom, id) => ({ image: await darkroom.retry(id) }),
}

const deletion: Command = {
  name: 'delete',
  async send(darkroom, id) {
    await darkroom.delete(id)
    return {}
  },
}

/** Prints each id when its request has succeeded. Prints the reason of each refusal, and then returns 1. */
async function forEachImage(
  { name, send }: Command,
  process: NodeJS.Process,
  ids: string[],
  { json = false, url, key, ...others }: Options,
): Promise<number> {
  refuseOtherOptions(name, others)
  if (ids.length === 0) throw new UsageError(`${name} needs the ids of images`)
  for (const id of ids) requirePathPart('the id of an image', id)
  const darkroom = await connect(process.env, { url, key })
  let code = 0
  await mapConcurrently(requestsAtOnce, ids, async id => {
    try {
      const done = await send(darkroom, id)
      process.stdout.write(`${json ? JSON.stringify({ id, ...done }) : id}\n`)
    } catch (error) {
      if (!(error instanceof DarkroomError)) throw error
      code = 1
      process.stderr.write(`${id}: ${withoutControls(error.message)}\n`)
      if (json)
        process.stdout.write(
          `${JSON.stringify({ id, error: { ...(error.code && { code: error.code }), message: error.message } })}\n`,
        )
    }
  })
  return code
}
