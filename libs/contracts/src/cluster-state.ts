import { CounterRead, NodeName, StateName } from './cluster-state-entries.ts'
import { Gossip, Member, NodeIdentity, SyncReply, SyncRequest } from './cluster-state-messages.ts'
import { pageNext, pageQuery } from './page.ts'
import { Problem } from './problem.ts'
import { alias, defineRoute, Nothing } from './route.ts'
import { type Static, Type } from './typebox/typebox.js'

/** The names of the register and the counter behind the paths without a name. */
export const defaultRegister = 'value'
export const defaultCounter = 'count'

/** The register behind the paths without a name holds whole numbers. */
const WholeNumber = Type.String({ pattern: '^-?[0-9]{1,16}$', description: 'A whole number within ±2^53' })
/** At most half of the possible generations, so that a notification leaves enough of them for later writes. */
const NotifiedGeneration = Type.String({ pattern: '^[1-9][0-9]{0,15}$', description: 'Up to 2^52' })
const ValueText = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'Read as JSON if it is valid JSON, otherwise as text',
})

const named = Type.Object({ name: StateName })
const notifierQuery = Type.Object(
  { notifier: Type.String({ ...NodeName, description: 'The node that wrote the value' }) },
  { additionalProperties: false },
)
const amountQuery = Type.Object(
  {
    amount: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        default: 1,
        description: 'A whole number',
      }),
    ),
  },
  { additionalProperties: false },
)

export const RegisterRead = Type.Object({
  name: StateName,
  value: Type.Unknown({ description: 'Any JSON' }),
  generation: Type.Integer({
    minimum: 1,
    description: 'Every write raises it; the value with the higher generation wins',
  }),
  writer: Type.String({ description: 'The node that wrote the value' }),
})
export type RegisterRead = Static<typeof RegisterRead>

const setValue = defineRoute({
  method: 'POST',
  url: '/set/:value',
  idempotent: true,
  schema: {
    summary: 'Sets the register `value` to a whole number',
    params: Type.Object({ value: WholeNumber }),
    response: { 200: Type.String(), 400: Problem, 409: Problem },
  },
})

const setRegister = defineRoute({
  method: 'POST',
  url: '/registers/:name/set/:value',
  idempotent: true,
  schema: {
    summary: 'Sets a register to the value in the path',
    params: Type.Object({ name: StateName, value: ValueText }),
    response: { 200: RegisterRead, 400: Problem, 409: Problem },
  },
})

const increment = defineRoute({
  method: 'POST',
  url: '/inc',
  schema: {
    summary: 'Increments the counter `count` and returns the new count, once it is on disk',
    querystring: amountQuery,
    response: { 200: Type.String(), 409: Problem },
  },
})

const incrementCounter = defineRoute({
  method: 'POST',
  url: '/counters/:name/inc',
  schema: {
    summary: 'Increments a counter and returns the new count, once it is on disk',
    params: named,
    querystring: amountQuery,
    response: { 200: Type.String(), 409: Problem },
  },
})

/** `GET` works like `POST` for `set` and `inc`. */
export const clusterStateRoutes = {
  getValue: defineRoute({
    method: 'GET',
    url: '/get',
    schema: {
      summary: 'The register `value`, as plain text',
      response: { 200: Type.String(), 404: Problem },
    },
  }),
  setValue,
  setValueByGet: alias(setValue, 'GET'),
  notifyValue: defineRoute({
    method: 'POST',
    url: '/notify/:value/:generation',
    idempotent: true,
    schema: {
      summary: 'Accepts a value of the register `value` that was set on another node, if it is newer',
      params: Type.Object({ value: WholeNumber, generation: NotifiedGeneration }),
      querystring: notifierQuery,
      response: { 200: Type.String(), 400: Problem, 404: Problem, 409: Problem },
    },
  }),
  getRegister: defineRoute({
    method: 'GET',
    url: '/registers/:name',
    schema: {
      summary: 'Reads a register; its ETag consists of generation and writer',
      params: named,
      response: { 200: RegisterRead, 404: Problem },
    },
  }),
  putRegister: defineRoute({
    method: 'PUT',
    url: '/registers/:name',
    schema: {
      summary: 'Sets a register to the body: any JSON of at most 4 KiB',
      params: named,
      body: Type.Unknown({ description: 'Any JSON' }),
      response: { 200: RegisterRead, 400: Problem, 409: Problem, 413: Problem },
    },
  }),
  deleteRegister: defineRoute({
    method: 'DELETE',
    url: '/registers/:name',
    schema: {
      summary: 'Deletes a register on all nodes; succeeds if it does not exist',
      params: named,
      response: { 204: Nothing, 409: Problem },
    },
  }),
  setRegister,
  setRegisterByGet: alias(setRegister, 'GET'),
  notifyRegister: defineRoute({
    method: 'POST',
    url: '/registers/:name/notify/:value/:generation',
    idempotent: true,
    schema: {
      summary: 'Accepts a value that was set on another node, if it is newer; returns the resulting register',
      params: Type.Object({ name: StateName, value: ValueText, generation: NotifiedGeneration }),
      querystring: notifierQuery,
      response: { 200: RegisterRead, 400: Problem, 404: Problem, 409: Problem },
    },
  }),
  listRegisters: defineRoute({
    method: 'GET',
    url: '/registers',
    schema: {
      summary: 'Lists the registers that are set, by name',
      querystring: Type.Object(pageQuery, { additionalProperties: false }),
      response: { 200: Type.Object({ registers: Type.Array(RegisterRead), ...pageNext }) },
    },
  }),
  getCount: defineRoute({
    method: 'GET',
    url: '/',
    schema: { summary: 'The counter `count`, as plain text', response: { 200: Type.String() } },
  }),
  increment,
  incrementByGet: alias(increment, 'GET'),
  getCounter: defineRoute({
    method: 'GET',
    url: '/counters/:name',
    schema: {
      summary: 'A counter as plain text; with `window`, the counts over that time as JSON',
      params: named,
      querystring: Type.Object(
        {
          window: Type.Optional(
            Type.String({
              pattern: '^[1-9][0-9]{0,5}[smh]$',
              description: 'The period up to now, for example 60s, 30m or 24h',
            }),
          ),
          buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: 120, default: 1 })),
        },
        { additionalProperties: false },
      ),
      response: { 200: Type.Union([Type.String(), CounterRead]), 400: Problem },
    },
  }),
  incrementCounter,
  incrementCounterByGet: alias(incrementCounter, 'GET'),
  listCounters: defineRoute({
    method: 'GET',
    url: '/counters',
    schema: {
      summary: 'Counters, by name',
      querystring: Type.Object(pageQuery, { additionalProperties: false }),
      response: {
        200: Type.Object({
          counters: Type.Array(Type.Object({ name: StateName, count: Type.Integer({ minimum: 0 }) })),
          ...pageNext,
        }),
      },
    },
  }),
  listMembers: defineRoute({
    method: 'GET',
    url: '/members',
    schema: {
      summary: 'The node that answers, and the other nodes that it considers alive',
      response: { 200: Type.Object({ self: Member, members: Type.Array(Member) }) },
    },
  }),
  gossip: defineRoute({
    method: 'POST',
    url: '/gossip',
    idempotent: true,
    schema: {
      summary: 'Between nodes: receives changed entries',
      body: Gossip,
      response: { 204: Nothing, 400: Problem },
    },
  }),
  identify: defineRoute({
    method: 'POST',
    url: '/identify',
    idempotent: true,
    schema: {
      summary: 'Between nodes: the identities of the asking node and of the answering node',
      body: NodeIdentity,
      response: { 200: NodeIdentity },
    },
  }),
  sync: defineRoute({
    method: 'POST',
    url: '/sync',
    idempotent: true,
    schema: {
      summary: 'Between nodes: compares two states and exchanges the entries that differ',
      body: SyncRequest,
      response: { 200: SyncReply, 400: Problem },
    },
  }),
}
