import { defineRoute, type Route, type RouteSchema } from './route.ts'
import { type Static, type TSchema, Type } from './typebox/typebox.js'

/** A call in a batch. `name` is the name of its route in the contract. */
export interface BatchedCall {
  name: string
  params?: unknown
  querystring?: unknown
  body?: unknown
}

/** The response that the route gives to the call. A problem is a response, too. */
const BatchedResponse = Type.Object({
  status: Type.Integer(),
  headers: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
  body: Type.Optional(Type.Unknown()),
})
export type BatchedResponse = Static<typeof BatchedResponse>

/** The most calls in a batch. */
export const maxBatchedCalls = 64

/**
 * A route that answers several calls of `routes` in one request, which costs little more than one call. The bodies of these
 * routes must be JSON. A client repeats the whole batch if the response is lost.
 */
export function defineBatch(routes: Readonly<Record<string, Route>>) {
  const calls = Object.entries(routes).map(([name, { schema }]) =>
    Type.Object({ name: Type.Literal(name), ...partsOf(schema) }, { additionalProperties: false }),
  )
  const batch = Type.Array(Type.Unsafe<BatchedCall>(Type.Union(calls)), {
    minItems: 1,
    maxItems: maxBatchedCalls,
  })
  const answers = Type.Array(BatchedResponse, { description: 'In the order of the calls' })
  return defineRoute({
    method: 'POST',
    url: '/batch',
    idempotent: true,
    schema: {
      summary: `Answers several calls in one request: ${Object.keys(routes).join(', ')}`,
      body: Type.Object({ calls: batch }, { additionalProperties: false }),
      response: { 200: Type.Object({ answers }) },
    },
  })
}

function partsOf({ params, querystring, body }: RouteSchema): Record<string, TSchema> {
  return {
    ...(params && { params }),
    ...(querystring && { querystring: Type.Optional(querystring) }),
    ...(body && { body }),
  }
}
