import type { BatchedCall, BatchedResponse } from '@darkroom/contracts'
import type { Logger } from '../log/logger.ts'
import { OutageLog } from '../log/outage-log.ts'
import { answerCall } from './answer-call.ts'
import type { AnyResponse, Api } from './api.ts'

/** The handler of a route made by `defineBatch`: all calls of a batch go to their handlers at once. */
export function batchHandler(given: { handlers: object } & Pick<Api, 'throwProblem'>, logger: Logger) {
  const api = given as Pick<Api, 'handlers' | 'throwProblem'>
  const outages = new OutageLog(logger)
  return async ({ body: { calls }, signal }: { body: { calls: BatchedCall[] }; signal: AbortSignal }) => {
    const answers = await Promise.all(
      calls.map(({ name, params = {}, querystring = {}, body }) =>
        answerCall(api, name, { params, querystring, headers: {}, body, signal }, outages),
      ),
    )
    return { status: 200 as const, body: { answers: answers.map(batchedResponse) } }
  }
}

function batchedResponse({ status, headers, body }: AnyResponse): BatchedResponse {
  const given: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) given[name] = value
  return { status, headers: given, body }
}
