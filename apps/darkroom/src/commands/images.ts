import { type Darkroom, DarkroomError } from '@darkroom/client/source'
import { type ConnectOptions, connect } from '../connect.ts'
import { inLanes } from '../in-lanes.ts'
import { refuseOtherOptions, UsageError } from '../usage-error.ts'

const requestsAtOnce = 8

type Options = ConnectOptions & { json?: boolean }

/** Has failed images developed again, by their ids. */
export function retryCommand(process: NodeJS.Process, ids: string[], options: Options): Promise<number> {
  return forEachImage('retry', process, ids, options, async (darkroom, id) => ({
    image: await darkroom.retry(id),
  }))
}

/** Deletes images with their results, by their ids. */
export function deleteCommand(process: NodeJS.Process, ids: string[], options: Options): Promise<number> {
  return forEachImage('delete', process, ids, options, async (darkroom, id) => {
    await darkroom.delete(id)
    return {}
  })
}

/** Prints each id when its request has succeeded; answers 1 if one was refused, after saying why. */
async function forEachImage(
  name: 'retry' | 'delete',
  process: NodeJS.Process,
  ids: string[],
  { json = false, url, key, ...others }: Options,
  act: (darkroom: Darkroom, id: string) => Promise<object>,
): Promise<number> {
  refuseOtherOptions(name, others)
  if (ids.length === 0) throw new UsageError(`${name} takes the ids of images`)
  const darkroom = await connect(process.env, { url, key })
  let code = 0
  await inLanes(requestsAtOnce, ids, async id => {
    try {
      const done = await act(darkroom, id)
      process.stdout.write(`${json ? JSON.stringify({ id, ...done }) : id}\n`)
    } catch (error) {
      if (!(error instanceof DarkroomError)) throw error
      code = 1
      process.stderr.write(`${id}: ${error.message}\n`)
      if (json)
        process.stdout.write(
          `${JSON.stringify({ id, error: { ...(error.code && { code: error.code }), message: error.message } })}\n`,
        )
    }
  })
  return code
}
