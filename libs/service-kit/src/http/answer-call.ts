import { imageIdIn } from '../log/image-id.ts'
import type { OutageLog } from '../log/outage-log.ts'
import type { ServiceProblem } from '../problems/problems.ts'
import { toProblem } from '../problems/to-problem.ts'
import type { AnyHandledCall, AnyResponse, Api } from './api.ts'

/** The response of the handler `name`. A problem that the handler throws is a response, too. */
export async function answerCall(
  api: Pick<Api, 'handlers' | 'throwProblem'>,
  name: string,
  call: AnyHandledCall,
  outages: OutageLog,
): Promise<AnyResponse> {
  const handle = api.handlers[name]
  if (!handle) throw new Error(`the route ${name} has no handler`)
  try {
    const response = await handle(call)
    outages.answered(name)
    return response
  } catch (error) {
    call.signal.throwIfAborted()
    const problem = problemOf(error, api)
    if (problem.status < 500) outages.answered(name)
    else if (problem.cause !== undefined) {
      const id = imageIdIn(...Object.values(Object(call.params)), call.body)
      outages.failed(name, problem, { ...id, call: name })
    }
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
