import { imageIdIn } from '../log/image-id.ts'
import type { Logger } from '../log/logger.ts'
import type { ServiceProblem } from '../problems/problems.ts'
import { toProblem } from '../problems/to-problem.ts'
import type { AnyHandledCall, AnyResponse, Api } from './api.ts'

/** The response of the handler `name`. A problem that the handler throws is a response, too. */
export async function answerCall(
  api: Pick<Api, 'handlers' | 'throwProblem'>,
  name: string,
  call: AnyHandledCall,
  logger: Logger,
): Promise<AnyResponse> {
  const handle = api.handlers[name]
  if (!handle) throw new Error(`the route ${name} has no handler`)
  try {
    return await handle(call)
  } catch (error) {
    call.signal.throwIfAborted()
    const problem = problemOf(error, api)
    if (problem.status >= 500 && problem.cause !== undefined)
      logger.error(
        { ...imageIdIn(...Object.values(Object(call.params)), call.body), err: problem.cause, call: name },
        problem.message,
      )
    return { status: problem.status, headers: problem.headers, body: problem.toJSON() }
  }
}

export function problemOf(error: unknown, api: Pick<Api, 'throwProblem'>): ServiceProblem {
  try {
    api.throwProblem(error)
  } catch (mapped) {
    return toProblem(mapped as Error)
  }
}
