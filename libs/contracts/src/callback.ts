import { type Static, Type } from './typebox/typebox.js'

/**
 * waiting: the image has not ended yet. due: to be sent, or being sent. failed: no attempts are left, or the receiver
 * refused it for good.
 */
const callbackStates = ['waiting', 'due', 'delivered', 'failed'] as const
const CallbackState = Type.Enum(callbackStates)

export const CallbackUrl = Type.String({
  minLength: 1,
  maxLength: 2000,
  description: 'The URL that gets a webhook when the image is finished or has failed (Standard Webhooks 1.0)',
})

/** For requests between services. The frontend has already checked the URL, and reported mistakes in it. */
export const CheckedCallbackUrl = Type.String({ ...CallbackUrl, format: 'url' })

const Attempts = Type.Integer({
  minimum: 0,
  description: 'How often the webhook was sent since it became due',
})
const Answer = Type.String({
  maxLength: 40,
  description: 'The last response: a status, or a word such as timeout',
})

/** The notice of an image as clients see it. */
export const CallbackStatus = Type.Object({
  url: Type.String(),
  state: CallbackState,
  attempts: Attempts,
  answer: Type.Optional(Answer),
})
export type CallbackStatus = Static<typeof CallbackStatus>

export const NewCallback = Type.Object(
  {
    url: CheckedCallbackUrl,
    keptSeconds: Type.Number({
      exclusiveMinimum: 0,
      description: 'How long the image is kept after it has ended',
    }),
  },
  { additionalProperties: false },
)
export type NewCallback = Static<typeof NewCallback>

/** The notice of a task. The transaction that ends the task makes it due. */
export const TaskCallback = Type.Object({
  ...CallbackStatus.properties,
  keptSeconds: NewCallback.properties.keptSeconds,
  host: Type.String({ description: 'Host and port of the URL' }),
  token: Type.Integer({ minimum: 0, description: 'Fencing token; grows with every change of the notice' }),
  dueAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'While the state is due: when it may be claimed. A claim moves it to the end of its lease',
    }),
  ),
  isSlow: Type.Boolean({
    description: 'An earlier attempt failed; only a few such notices are sent at a time',
  }),
})
export type TaskCallback = Static<typeof TaskCallback>

/** Hosts in URLs are visible ASCII. PostgreSQL refuses texts with U+0000. */
const Host = Type.String({ pattern: '^[!-~]{0,2000}$' })

export const NoticeClaim = Type.Object(
  {
    isSlow: TaskCallback.properties.isSlow,
    limit: Type.Integer({ minimum: 1, maximum: 200 }),
    leaseMs: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
    exceptHosts: Type.Optional(Type.Array(Host, { maxItems: 200, description: 'Hosts that are busy' })),
    onlyHosts: Type.Optional(
      Type.Array(Host, { maxItems: 1000, description: 'Notices of other hosts are not claimed' }),
    ),
  },
  { additionalProperties: false },
)
export type NoticeClaim = Static<typeof NoticeClaim>

const token = TaskCallback.properties.token
const RetryMs = Type.Integer({
  minimum: 0,
  maximum: 2_592_000_000,
  description: 'Time until the next attempt',
})

/** The outcome of a claimed notice. */
export const NoticeReport = Type.Union([
  Type.Object({ state: Type.Literal('delivered'), token, answer: Answer }, { additionalProperties: false }),
  Type.Object(
    { state: Type.Literal('failed'), token, answer: Answer },
    { additionalProperties: false, description: 'There is no further attempt' },
  ),
  Type.Object(
    { state: Type.Literal('due'), token, answer: Answer, retryMs: RetryMs },
    { additionalProperties: false, description: 'The attempt failed; the next one counts as slow' },
  ),
  Type.Object(
    { state: Type.Literal('returned'), token, isSlow: Type.Boolean(), retryMs: RetryMs },
    { additionalProperties: false, description: 'The notice was not sent; no attempt is counted' },
  ),
])
export type NoticeReport = Static<typeof NoticeReport>
